"""The official suite's files become rows; nothing is fetched here."""

import io
import json
import tarfile
from pathlib import PurePosixPath

from tests.fetch_corpora import remotes, rows, suite

TESTS = [{"description": "a number", "data": 1, "valid": False}]
GROUPS = [{"description": "strings", "schema": {"type": "string"}, "tests": TESTS}]
FILES = {
    "json/tests/draft7/type.json": GROUPS,
    "json/tests/draft7/optional/bignum.json": GROUPS,
    "json/tests/draft7/optional/format/date.json": GROUPS,
    "json/tests/draft6/type.json": GROUPS,
    "json/remotes/nested/string.json": {"type": "string"},
    "jsonschema/tests/other.json": {"not": "of the suite"},
}


def unpacked(tmp_path):
    path = tmp_path / "suite.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in FILES.items():
            member = tarfile.TarInfo(f"jsonschema-1.0/{name}")
            raw = json.dumps(content).encode()
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return dict(suite(path))


def test_the_suite_is_found_in_the_archive(tmp_path):
    """Only what lies below `json/`, with paths inside the suite."""
    found = unpacked(tmp_path)

    assert len(found) == 5
    assert found[PurePosixPath("tests/draft6/type.json")] == GROUPS


def test_each_test_is_a_row(tmp_path):
    """Of its draft alone, the required ones first, and it says what kind of test it is."""
    made = list(rows("draft7", unpacked(tmp_path)))

    kinds = [(row["optional"], row["format_test"]) for row in made]
    assert kinds == [(False, False), (True, False), (True, True)]
    assert made[0] == {
        "source": "json-schema-org/JSON-Schema-Test-Suite:tests/draft7/type.json",
        "draft": "draft7",
        "optional": False,
        "format_test": False,
        "group": "strings",
        "description": "a number",
        "schema": {"type": "string"},
        "data": 1,
        "valid": False,
    }


def test_remote_documents_have_their_addresses(tmp_path):
    """Under the server that the suite expects."""
    addressed = {"http://localhost:1234/nested/string.json": {"type": "string"}}
    assert remotes(unpacked(tmp_path)) == addressed

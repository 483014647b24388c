"""Test data that a public checkout can have: `make corpora` writes it to `.corpora/`.

The official JSON-Schema-Test-Suite comes out of the source distribution of the package
`jsonschema`, which carries it. pip fetches that distribution from the index that it is configured
for and compares its hash. Nothing in it is run: pip would ask the distribution's build backend for
its name and version, and a backend of five lines, written here, answers instead. The suite is read
out of the archive and written as one row for each test, the format of tests/corpora.py.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tests.corpora import FETCHED

NAME, VERSION = "jsonschema", "4.26.0"
SHA256 = "0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326"
DRAFTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")
SOURCE = "json-schema-org/JSON-Schema-Test-Suite"
SERVER = "http://localhost:1234"
"""The address under which the suite expects its remote documents."""

BACKEND = f'''
from pathlib import Path

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    folder = Path(directory) / "{NAME}-{VERSION}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\n"
    )
    return folder.name
'''
"""It stands in for `hatchling.build`, which the distribution names as its backend."""


def main() -> None:
    """Fetch the suite and write its rows."""
    with tempfile.TemporaryDirectory() as folder:
        files = dict(suite(download(Path(folder))))
    place = FETCHED / "jsts"
    place.mkdir(parents=True, exist_ok=True)
    for draft in DRAFTS:
        lines = [json.dumps(row) for row in rows(draft, files)]
        (place / f"{draft}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{place / draft}.jsonl: {len(lines)} tests")
    (place / "remotes.json").write_text(json.dumps(remotes(files)), encoding="utf-8")


def download(folder: Path) -> Path:
    """Have pip fetch the source distribution into `folder`, with the hash that is pinned here."""
    backend = folder / "backend" / "hatchling"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build.py").write_text(BACKEND, encoding="utf-8")
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    command += ["--dest", str(folder), "--requirement", str(wanted)]
    environment = os.environ | {"PYTHONPATH": str(backend.parent)}
    subprocess.run(command, env=environment, check=True)
    return folder / f"{NAME}-{VERSION}.tar.gz"


def suite(archive: Path) -> Iterator[tuple[PurePosixPath, Any]]:
    """Yield the JSON files of the suite in `archive`, each with its path inside the suite."""
    with tarfile.open(archive) as members:
        for member in members:
            path = PurePosixPath(member.name)
            if path.suffix == ".json" and path.parts[1:2] == ("json",):
                content = members.extractfile(member)
                if content is not None:
                    yield PurePosixPath(*path.parts[2:]), json.load(content)


def rows(draft: str, files: dict[PurePosixPath, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row for each test of `draft`, the required ones first."""
    folder = PurePosixPath("tests", draft)
    paths = [path for path in files if path.is_relative_to(folder)]
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        about = {
            "source": f"{SOURCE}:{path}",
            "draft": draft,
            "optional": "optional" in path.parts,
            "format_test": "format" in path.parts,
        }
        for group in files[path]:
            for test in group["tests"]:
                yield about | {
                    "group": group["description"],
                    "description": test["description"],
                    "schema": group["schema"],
                    "data": test["data"],
                    "valid": test["valid"],
                }


def remotes(files: dict[PurePosixPath, Any]) -> dict[str, Any]:
    """Return the documents that the suite refers to, by their addresses."""
    return {
        f"{SERVER}/{path.relative_to('remotes')}": content
        for path, content in files.items()
        if path.is_relative_to("remotes")
    }


if __name__ == "__main__":
    main()

"""The small judge agrees with a real one wherever it says no."""

import jsonschema_rs
import pytest

from strictgate.demo.conformance import is_valid
from strictgate.demo.references import References
from tests.corpora import rows

DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@pytest.mark.parametrize("draft", DRAFTS)
def test_most_of_the_official_suite(draft: str):
    """Most official tests get their verdict, but not `unevaluated…` and far references."""
    verdicts = []
    for row in rows(f"jsts/{draft}.jsonl"):
        schema = row["schema"]
        if row["optional"]:
            continue
        if isinstance(schema, dict):
            schema = {"$schema": DRAFTS[draft]} | schema
        verdicts.append(is_valid(schema, row["data"], References(schema)) is row["valid"])
    assert sum(verdicts) >= 0.88 * len(verdicts)


@pytest.mark.parametrize("name", ["maskbench/dev.jsonl", "schemastore/dev.jsonl"])
def test_real_documents(name: str):
    """Of real documents, at least 97 in 100 get the verdict of a real judge."""
    same = total = 0
    for row in rows(name):
        try:
            judge = jsonschema_rs.validator_for(row["schema"], offline=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            continue
        references = References(row["schema"])
        for test in row["tests"]:
            total += 1
            verdict = is_valid(row["schema"], test["data"], references)
            same += verdict is judge.is_valid(test["data"])
    assert same >= 0.97 * total

"""The values of `format` that are asserted."""

import pytest

from strictgate.core.schema.drafts import VALIDATORS, Draft
from strictgate.core.schema.formats import FORMAT_SINCE, backported_formats
from strictgate.core.schema.schema import Formats, admit

BAD = "\x00 not\\ valid:% {"
URIS = ["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"]


@pytest.mark.parametrize("name", FORMAT_SINCE)
@pytest.mark.parametrize("draft", Draft)
def test_the_table_says_what_the_validator_knows(name, draft):
    """Since the draft in the table, and not before, the validator knows the format by itself."""
    validator = VALIDATORS[draft]
    try:
        validator({"format": name}, validate_formats=True, ignore_unknown_formats=False)
        known = True
    except ValueError:
        known = False
    assert known is (draft >= FORMAT_SINCE[name])


def test_only_missing_checks_are_lent():
    """Formats that the draft knows, and unknown ones, need none."""
    assert set(backported_formats(Draft.DRAFT_4, {"uuid", "email", "color"})) == {"uuid"}
    assert not backported_formats(Draft.DRAFT_2020_12, {"uuid", "email", "color"})


@pytest.mark.parametrize("name", FORMAT_SINCE)
@pytest.mark.parametrize("uri", URIS)
def test_every_known_format_is_asserted_in_every_draft(name, uri):
    """Strings only: other values pass."""
    schema = admit({"$schema": uri, "format": name}, name="x")
    assert not schema.is_valid(BAD)
    assert schema.problems(BAD)[0].kind == "Format"
    assert schema.is_valid(7)


def test_formats_can_be_annotations():
    """Unknown ones always are, known ones where the configuration says so."""
    assert admit({"format": "color"}, name="x").is_valid(BAD)
    assert admit({"format": "email"}, name="x", formats=Formats.ANNOTATE).is_valid(BAD)

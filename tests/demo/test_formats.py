"""The formats of the specification, by shape and sample."""

import jsonschema_rs
import pytest

from strictgate.core.schema.formats import FORMAT_SINCE
from strictgate.demo.formats import FORMATS, has_format


@pytest.mark.parametrize("name", FORMATS)
def test_samples_have_their_format(name: str):
    """In every turn, for this module and for a real judge; they are not all the same."""
    judge = jsonschema_rs.validator_for({"format": name}, validate_formats=True)
    samples = [FORMATS[name].text(variant) for variant in range(12)]
    assert all(has_format(name, each) and judge.is_valid(each) for each in samples), samples
    assert len(set(samples)) > 5


def test_every_format_that_is_asserted_is_known():
    """Else the demonstration could not write a valid document."""
    assert set(FORMAT_SINCE) <= FORMATS.keys()


@pytest.mark.parametrize(
    ("name", "text"),
    [("date", "2026-13-01"), ("time", "09:30"), ("uuid", "x"), ("ipv4", "1.2.3"), ("email", "a@")],
)
def test_other_texts_have_not(name: str, text: str):
    """What an author gave as a default may be something else."""
    assert not has_format(name, text)


def test_unknown_formats_are_annotations():
    """Any text has them."""
    assert has_format("color", "anything")

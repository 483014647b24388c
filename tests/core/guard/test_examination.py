"""What is said of a text to somebody who looks at it."""

import pytest

from strictgate.core.guard.examination import PartKind, examine
from strictgate.core.guard.guard import Guard
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from strictgate.gateway.grammar_cache import make
from tests.gates import MOOD

AROUND, GOOD, REFUSED = PartKind.AROUND, PartKind.GOOD, PartKind.REFUSED
SCHEMA = admit(MOOD, name="mood")
GRAMMAR = make(SCHEMA)


def examined(text, **options):
    return examine(text, lambda: Guard(SCHEMA, GRAMMAR), Repair.LOSSLESS, **options)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"choice":"calm"}', [(GOOD, '{"choice":"calm"}')]),
        ('{"choice":"happy"}', [(GOOD, '{"choice":"'), (REFUSED, 'happy"}')]),
        ('{"choice":"calm"} Bye', [(GOOD, '{"choice":"calm"} '), (AROUND, "Bye")]),
        ('Sure: {"choice":"é"}', [(AROUND, "Sure: "), (GOOD, '{"choice":"'), (REFUSED, 'é"}')]),
        ("no document", [(AROUND, "no document")]),
        ("", []),
    ],
)
def test_the_parts_make_up_the_text(text, parts):
    """Each byte of it is around the document, in it, or refused."""
    found = examined(text)

    assert list(found.parts) == parts
    assert "".join(part for _, part in found.parts) == text


def test_what_was_refused_is_explained():
    """Where, why, and what may stand there."""
    found = examined('{"choice":"happy"}')

    assert found.path == "/choice"
    assert found.allowed == ('"angry"', '"calm"')
    assert "/properties/choice/enum" in found.problems[0]
    assert not found.is_whole


def test_a_beginning():
    """A text that may go on is not wrong yet; where there is one way to go on, it is told."""
    found = examined('{"choice":"an', is_over=False)

    assert found.parts == ((GOOD, '{"choice":"an'),)
    assert found.allowed == ('"angry"',)
    assert examined('{"choice":"calm"', is_over=False).allowed == ("}",)


def test_what_was_mended_is_named():
    """It counts as good."""
    found = examined("{'choice': 'calm',}")

    assert found.is_whole
    assert found.steps

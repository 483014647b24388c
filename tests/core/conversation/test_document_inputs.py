"""Inputs in a document that is calls."""

import json

import pytest

from strictgate.core.conversation.document_inputs import (
    document_steps,
    input_faults,
    judged_inputs,
    with_inputs,
)
from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.repair_steps import Completion, Extraction, Repair, Step

INPUTS = {"count": InputMatcher("regex", "[0-9]{2} goats")}


def document(*inputs, name="count"):
    return {"tool_calls": [{"name": name, "arguments": {"input": each}} for each in inputs]}


def judged(*inputs, name="count", repair=Repair.LOSSLESS):
    given = document(*inputs, name=name)
    return given, judged_inputs(given, INPUTS, repair)


def test_what_is_wrong():
    """Each is judged for itself; those of other functions, and documents that are none, are not."""
    given, texts = judged("12 goats", "12 hens", "1")
    faults = input_faults(given, texts)

    assert [each.position for each in faults] == [1, 2]
    assert "line 1, column 4: 'hens' is not allowed there" in faults[0].message
    assert judged("x", name="other")[1] == {}
    assert judged_inputs({"content": "hi"}, INPUTS, Repair.LOSSLESS) == {}
    assert judged_inputs([], INPUTS, Repair.LOSSLESS) == {}


def test_what_was_done():
    """It stands in the document, all else as it was written, and is named with its place."""
    given, texts = judged("12 go", " 13 goats\n", "14 goats")
    assert input_faults(given, texts) == ()
    written = json.dumps(given, indent=1)

    mended = with_inputs(written, {at: text for at, text in texts.items() if text.steps})
    assert json.loads(mended) == document("12 goats", "13 goats", "14 goats")
    assert mended == written.replace("12 go", "12 goats").replace('" 13 goats\\n"', '"13 goats"')
    assert document_steps(texts) == (
        Step(Completion.FORCED, "/tool_calls/0/arguments/input"),
        Step(Extraction.BLANKS, "/tool_calls/1/arguments/input"),
    )


@pytest.mark.parametrize("repair", [Repair.OFF, Repair.SYNTAX])
def test_nothing_is_written_at_level_off(repair):
    """What must follow is written at every level but that."""
    given, texts = judged("12 go", repair=repair)
    assert bool(input_faults(given, texts)) is (repair is Repair.OFF)

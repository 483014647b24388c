"""The events of items that came whole."""

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from strictgate.core.surfaces.responses.whole_items import PIECE, item_events

EVENT = TypeAdapter(ResponseStreamEvent)
LONG = "x" * (PIECE + 1)
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "c",
    "name": "f",
    "arguments": LONG,
    "status": "completed",
}
CITATION = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
TEXT = {"type": "output_text", "text": LONG, "annotations": [CITATION], "logprobs": []}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [TEXT, {"type": "refusal", "refusal": "no"}],
}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "s"}],
    "content": [{"type": "reasoning_text", "text": "r"}],
}


def made(item):
    """The events of an item, which are all OpenAI's."""
    events = list(item_events(item, 2))
    for number, (kind, fields) in enumerate(events):
        EVENT.validate_python({"type": kind, "sequence_number": number, **fields})
        assert fields["output_index"] == 2
    assert events[-1] == ("response.output_item.done", {"output_index": 2, "item": item})
    return events


@pytest.mark.parametrize(
    ("item", "field", "name"),
    [
        (CALL, "arguments", "function_call_arguments"),
        (
            {"type": "custom_tool_call", "id": "i", "call_id": "c", "name": "f", "input": LONG},
            "input",
            "custom_tool_call_input",
        ),
    ],
    ids=["function", "custom"],
)
def test_calls(item, field, name):
    """A call begins empty, and is filled piece by piece."""
    (_, begun), *pieces, (done, whole), _ = made(item)

    assert (begun["item"]["status"], begun["item"][field]) == ("in_progress", "")
    assert [kind for kind, _ in pieces] == [f"response.{name}.delta"] * 2
    assert "".join(fields["delta"] for _, fields in pieces) == LONG
    assert done == f"response.{name}.done"
    assert whole[field] == LONG


def test_message():
    """Every part is added, filled and done; citations come before the text is done."""
    kinds = [kind.removeprefix("response.") for kind, _ in made(MESSAGE)]

    assert kinds == [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
    ]


def test_reasoning():
    """A summary has events of its own."""
    kinds = [kind.removeprefix("response.") for kind, _ in made(REASONING)]

    assert kinds == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
    ]


def test_any_other():
    """It is there at once, and in progress before it is done."""
    item = {
        "type": "web_search_call",
        "id": "ws",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    (_, begun), _ = made(item)

    assert begun["item"]["status"] == "in_progress"


def test_odd_items():
    """What an upstream leaves out breaks nothing."""
    for item in ({}, {"type": "message"}, {"type": "function_call"}, {"type": "reasoning"}):
        assert len(list(item_events(item, 0))) >= 2

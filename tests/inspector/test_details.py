"""One request as it is shown."""

import pytest

from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRange
from strictgate.inspector.details import painted
from tests.gates import MOOD, ONE_WAY, gate, guarding_gate
from tests.inspector.views import latest

MODEL, FORCED = ByteOrigin.MODEL, ByteOrigin.FORCED


def test_an_answer_in_parts(demo):
    """What of each answer was good, and what was allowed where it was not."""
    with guarding_gate(demo) as running:
        running.chat("wrong-enum", MOOD)
        shown = latest(running)
    first, *more = shown["attempts_made"]

    assert first["purpose"] == "try"
    assert first["examined"]["parts"][0] == ["good", '{"choice":"']
    assert first["examined"]["parts"][1][0] == "refused"
    assert first["examined"]["allowed"] == ['"angry"', '"calm"']
    assert "/properties/choice/enum" in first["problems"][0]
    assert {each["purpose"] for each in more} >= {"continuation", "try"}
    assert shown["error_body"]["error"]["code"] == "json_validate_failed"
    assert shown["documents"] == []


def test_a_continuation_shows_what_it_goes_on_from(demo):
    """The prefix that it was sent."""
    with guarding_gate(demo) as running:
        running.chat("continues+wrong-twice", MOOD, stream=True)
        shown = latest(running)
    prefixes = [
        each["prefix"] for each in shown["attempts_made"] if each["purpose"] == "continuation"
    ]

    assert prefixes
    assert "".join(text for _, text in shown["documents"][0]).startswith('{"choice"')
    assert shown["outcome"] == "valid"


def test_a_refusal_is_no_attempt(demo):
    """It is shown with the upstream's words."""
    with guarding_gate(demo) as running:
        running.chat("no-json-schema", MOOD)
        refused, answered = latest(running)["attempts_made"]

    assert (refused["outcome"], refused["status"]) == ("refused", 400)
    assert "json_schema" in refused["fault"]
    assert answered["outcome"] == "valid"


@pytest.mark.parametrize("model", ["clean", "prose", "truncates", "refuses"])
@pytest.mark.parametrize("stream", [True, False])
def test_whatever_came_can_be_shown(demo, model, stream):
    """Of each kind of answer."""
    with guarding_gate(demo) as running:
        running.chat(model, MOOD, stream=stream)
        shown = latest(running)

    assert shown["attempts_made"]
    assert shown["body"]["whole"]


def ranges(*ends):
    """The origins of a document: each with where it ends."""
    starts = (0, *(end for end, _ in ends))
    return DocumentOrigins(
        tuple(
            OriginRange(start, end, origin)
            for start, (end, origin) in zip(starts, ends, strict=False)
        )
    )


@pytest.mark.parametrize(
    ("text", "origins", "parts"),
    [
        ("abc", ranges((3, MODEL)), [["model", "abc"]]),
        ("éa", ranges((2, MODEL), (3, FORCED)), [["model", "é"], ["forced", "a"]]),
        ("ab ", ranges((2, MODEL)), [["model", "ab"], ["", " "]]),
        ("", ranges(), []),
    ],
)
def test_the_document_is_painted(text, origins, parts):
    """By the origins of its bytes."""
    assert painted(text, origins) == parts


def test_what_the_gateway_wrote(demo):
    """It is told apart from the model's own."""
    with guarding_gate(demo) as running:
        running.chat("wrong-once", ONE_WAY)
        [shown] = latest(running)["documents"]

    assert "forced" in {origin for origin, _ in shown}


def test_a_fallback_is_shown_too(demo):
    """With whom was asked, and what came of it; it can be saved: the answers are there."""
    names = {"first": {"upstream": "demo", "model": "demo/wrong-enum", "fallbacks": ["second"]}}
    names["second"] = {"upstream": "demo", "model": "demo/clean"}
    body = {"model": "first", "messages": [{"role": "user", "content": "hi"}]}
    inner = {"name": "mood", "schema": MOOD}
    body["response_format"] = {"type": "json_schema", "json_schema": inner}
    with gate(demo, models=names) as running:
        running.post(body)
        shown = latest(running)
    asked = [(each["model"], each["outcome"]) for each in shown["attempts_made"]]

    assert asked[0] == ("demo/wrong-enum", "invalid")
    assert asked[-1] == ("demo/clean", "valid")
    assert shown["outcome"] == "valid"
    assert shown["cannot_be_saved"] == ""


def test_parts_are_shown_as_they_came(demo):
    """A document that is asked for in parts is not judged in them by the schema of the whole."""
    fields = {f"field_{number}": {"type": "string"} for number in range(40)}
    wide = {"type": "object", "properties": fields, "required": [*fields]}
    wide["additionalProperties"] = False
    with gate(demo, enforcement={"split": "auto", "split_fields": 10}) as running:
        running.chat("clean", wide)
        shown = latest(running)

    assert len(shown["attempts_made"]) > 1
    assert {each["outcome"] for each in shown["attempts_made"]} == {"valid"}
    assert not any(each["examined"] for each in shown["attempts_made"])
    assert shown["documents"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_is_painted(demo, stream):
    """Its arguments, by who wrote which byte."""
    takes = {
        "type": "object",
        "properties": {"count": {"type": "integer"}},
        "required": ["count"],
        "additionalProperties": False,
    }
    function = {"name": "f", "parameters": takes, "strict": True}
    tools = {"tools": [{"type": "function", "function": function}], "tool_choice": "required"}
    with gate(demo) as running:
        running.chat("quoted-numbers", None, stream=stream, **tools)
        shown = latest(running)
    [document] = shown["documents"]

    assert "".join(part for _, part in document) == shown["contents"][0]
    assert {origin for origin, _ in document} == {"model", "mended"}

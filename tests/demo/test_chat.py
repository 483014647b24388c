"""Every behaviour, from the bytes of a request to the reply: no server, no socket."""

import json
from typing import Any

import orjson
import pytest

from strictgate.demo.behaviours import BEHAVIOURS
from strictgate.demo.chat import chat
from strictgate.demo.reply import Cut, DemoReply, Pause
from tests.demo.client import REVIEW_SCHEMA, THREAD_SCHEMA, chat_body

GOOD = '{"choice":"angry"}'
AGAIN = [
    {"role": "user", "content": "JSON"},
    {"role": "assistant", "content": "{}"},
    {"role": "user", "content": "That is wrong."},
]
TOOL = {"type": "function", "function": {"name": "save", "parameters": THREAD_SCHEMA}}
FORCED = {"tools": [TOOL], "tool_choice": "required"}


def reply_to(model: str, schema: Any = THREAD_SCHEMA, **more: Any) -> DemoReply:
    return chat(orjson.dumps(chat_body(model, schema, **more)))


def body_of(reply: DemoReply) -> Any:
    (part,) = reply.parts
    assert isinstance(part, bytes)
    return orjson.loads(part)


def message(model: str, schema: Any = THREAD_SCHEMA, **more: Any) -> dict[str, Any]:
    return body_of(reply_to(model, schema, **more))["choices"][0]["message"]


def content(model: str, schema: Any = THREAD_SCHEMA, **more: Any) -> str:
    return message(model, schema, **more)["content"]


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("clean", GOOD),
        ("wrong-enum", '{"choice":"happy"}'),
        ("wrong-case-enum", '{"choice":"ANGRY"}'),
        ("missing-field", "{}"),
        ("wrong-type", '{"choice":{"unexpected":true}}'),
        ("extra-field", '{"choice":"angry","extra_note":"Nobody asked for this."}'),
        ("wrapped-in-array", f"[{GOOD}]"),
        ("trailing-comma", '{"choice":"angry",}'),
        ("single-quotes", "{'choice':'angry'}"),
        ("comments", '{ // the answer\n"choice":"angry" /* that is all */ }'),
        ("duplicate-key", '{"choice":null,"choice":"angry"}'),
        ("nan", '{"choice":NaN}'),
        ("fenced", f"```json\n{GOOD}\n```"),
        ("several-objects", '{"draft": true}\n' + GOOD),
        ("truncates", '{"choice"'),
        ("fenced+wrong-enum", '```json\n{"choice":"happy"}\n```'),
    ],
)
def test_text(model: str, text: str):
    """Each of these behaviours has one exact text for the schema of the forum's thread."""
    assert content(model) == text


def test_outermost_is_named_first():
    """`thinks+fenced` thinks, then gives a fenced document; the thought holds another object."""
    text = content("thinks+fenced")
    assert text.startswith("<think>")
    assert '{"a": 1}' in text
    assert text.endswith(f"```json\n{GOOD}\n```")
    assert content("fenced+thinks").startswith("```json\n<think>")


def test_values_in_other_types():
    """Numbers become strings, literals become Python's, and a wrapper is left off."""
    assert json.loads(content("quoted-numbers", REVIEW_SCHEMA))["rating"] == "4.5"
    flag = {"type": "object", "properties": {"on": {"type": "boolean"}, "off": {"type": "null"}}}
    assert content("python-literals", flag) == '{"on":True,"off":None}'
    assert "NaN" in content("nan", REVIEW_SCHEMA)
    wrapper = {"type": "object", "properties": {"value": {"type": "integer"}}}
    assert content("unwrapped", wrapper) == "3"


@pytest.mark.parametrize(
    ("model", "asks", "right"),
    [("wrong-once", 1, False), ("wrong-once", 2, True), ("wrong-twice", 2, False),
     ("wrong-twice", 3, True), ("groq-invalid", 2, False), ("groq-invalid-once", 2, True)],
)  # fmt: skip
def test_second_asks(model: str, asks: int, right: bool):
    """Some models get it right when they are asked again."""
    messages = AGAIN[:1] + AGAIN[1:] * (asks - 1)
    reply = reply_to(model, messages=messages)
    said = body_of(reply)["choices"][0]["message"]["content"] if reply.status == 200 else ""
    assert (said == GOOD) is right


def test_one_bad_choice():
    """Only the last of several choices is wrong, and only on the first ask."""
    choices = body_of(reply_to("one-bad-choice", n=3))["choices"]
    assert [each["message"]["content"] for each in choices] == [GOOD, GOOD, "{}"]
    assert [each["index"] for each in choices] == [0, 1, 2]
    assert content("one-bad-choice") == GOOD
    assert body_of(reply_to("one-bad-choice", n=2, messages=AGAIN))["choices"][1]["message"][
        "content"
    ] == GOOD  # fmt: skip


def test_messages():
    """Reasoning, refusals and prose stand where providers put them."""
    assert message("reasoning-content") == {
        "role": "assistant", "content": "", "refusal": None, "reasoning_content": GOOD,
    }  # fmt: skip
    assert message("reasoning")["content"] == GOOD
    assert message("refuses")["content"] is None
    assert message("refuses")["refusal"]
    assert "{" not in content("ignores-schema")
    filtered = body_of(reply_to("content-filter"))["choices"][0]
    assert filtered["finish_reason"] == "content_filter"


def test_tool_calls():
    """A forced function gets arguments; the same mistakes are made in them."""
    for model, arguments in (("clean", GOOD), ("wrong-enum", '{"choice":"happy"}')):
        (choice,) = body_of(reply_to(model, None, **FORCED))["choices"]
        (made,) = choice["message"]["tool_calls"]
        assert made["function"] == {"name": "save", "arguments": arguments}
        assert choice["finish_reason"] == "tool_calls"
        assert choice["message"]["content"] is None
    assert "tool_calls" not in message("ignores-schema", None, **FORCED)


def test_json_without_schema():
    """JSON mode gives the example of the prompt, or a small object; wrong is no object at all."""
    mode = {"response_format": {"type": "json_object"}}
    example = {"role": "system", "content": 'Form: {"sentiment": "positive|negative"}'}
    assert content("clean", None, **mode) == '{"answer":"Hello!"}'
    said = content("clean", None, **mode, messages=[example])
    assert json.loads(said) == {"sentiment": "positive|negative"}
    assert not isinstance(json.loads(content("wrong-once", None, **mode)), dict)
    assert content("clean", None).startswith("Hello! ")


def test_budget():
    """A document longer than the budget is cut there, and says so; tokens are counted alike."""
    for name in ("max_tokens", "max_completion_tokens"):
        body = body_of(reply_to("clean", **{name: 2}))
        assert body["choices"][0]["message"]["content"] == GOOD[:8]
        assert body["choices"][0]["finish_reason"] == "length"
        assert body["usage"]["completion_tokens"] == 2
    usage = body_of(reply_to("clean", max_tokens=100, n=2))["usage"]
    assert usage["completion_tokens"] == 10
    assert usage["total_tokens"] == usage["prompt_tokens"] + 10


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_every_behaviour_answers_every_request(name: str):
    """No behaviour fails on a schema, a tool, JSON mode or text, streamed or not."""
    mode = {"response_format": {"type": "json_object"}}
    for schema, more in ((REVIEW_SCHEMA, {}), ({}, {}), (None, FORCED), (None, mode), (None, {})):
        for streamed in (False, True):
            reply = reply_to(name, schema, stream=streamed, **more)
            first = next(iter(reply.parts))
            assert reply.status in range(200, 600)
            assert isinstance(first, bytes | Pause | Cut)


@pytest.mark.parametrize(
    "schema", [{"anyOf": True}, {"type": [{}]}, {"required": 5, "type": "object"}, {"minimum": "x"}]
)
@pytest.mark.parametrize("name", ["clean", "wrong-once", "moonshot-dialect", "groq-invalid"])
def test_broken_schemas(schema: Any, name: str):
    """What is no schema is answered somehow, or refused: never a crash."""
    assert reply_to(name, {"properties": {"a": schema}}).status in (200, 400)


def test_circles_end():
    """References that lead back to themselves, twice over, cost no more than a moment."""
    circle = {"anyOf": [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}]}
    assert reply_to("wrong-once", circle).status == 200


def test_unknown_model():
    """A name that is not in the table is no model."""
    reply = reply_to("clean+unheard-of")
    assert reply.status == 404
    error = body_of(reply)["error"]
    assert error["code"] == "model_not_found"
    assert "`demo/clean+unheard-of`" in error["message"]

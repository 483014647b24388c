"""Answers without an end."""

import json
from typing import Any

import pytest

from strictgate.demo.chat import chat
from strictgate.demo.runaway import ENOUGH, array, blanks, string
from tests.demo.client import REVIEW_SCHEMA, THREAD_SCHEMA, chat_body


def choice(model: str, schema: Any = REVIEW_SCHEMA, **more: Any) -> dict[str, Any]:
    (part,) = chat(json.dumps(chat_body(model, schema, **more)).encode()).parts
    assert isinstance(part, bytes)
    return json.loads(part)["choices"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("loop", "text", "start"),
    [
        (blanks, '{"a":"x,y","b":1}', '{"a":"x,y",\n\n\n'),
        (blanks, '{"a":1}', "{\n\n"),
        (blanks, "1", "\n\n"),
        (array, '{"a":"[","b":[{"c":[1,2]},3]}', '{"a":"[","b":[{"c":[1,2]},{"c":[1,2]},{'),
        (array, '{"b":[]}', '{"b":[1,1,1,'),
        (array, '{"b":1}', '{"b":1,"more":[1,1,'),
        (string, '{"a":1,"b":"say \\"x\\""}', '{"a":1,"b":"say \\"x\\" say \\"x\\" say'),
        (string, '{"a":""}', '{"a":"la la la'),
        (string, '{"a":1}', '{"a":1,"more":"la la'),
    ],
)
def test_loops(loop: Any, text: str, start: str):
    """The beginning of the document, and then the same again and again."""
    told = loop(text)
    assert told.startswith(start)
    assert len(told) >= ENOUGH


@pytest.mark.parametrize("model", ["blank-loop", "array-loop", "string-loop"])
def test_ends_with_the_budget(model: str):
    """Without a budget it ends after a while, with one where that ends; both say length."""
    free, limited = choice(model), choice(f"{model}+prose", max_tokens=30)
    assert ENOUGH <= len(free["message"]["content"]) < 2 * ENOUGH
    assert len(limited["message"]["content"]) == 120
    assert free["finish_reason"] == limited["finish_reason"] == "length"
    assert limited["message"]["content"].startswith("Sure!")


def test_only_from_the_start():
    """A continuation comes to its end."""
    system = {
        "role": "user",
        "content": f"<json_schema>{json.dumps(THREAD_SCHEMA)}</json_schema>",
    }
    last = {"role": "assistant", "content": '{"choice":"angry angry'}
    said = choice("string-loop+continues", None, messages=[system, last])
    assert (said["message"]["content"], said["finish_reason"]) == ('"}', "stop")

"""Going on with a last message of the assistant's, in each host's way."""

import json
from typing import Any

import pytest

from strictgate.demo.chat import chat
from tests.demo.client import THREAD_SCHEMA, chat_body

GOOD = '{"choice":"angry"}'
SYSTEM = {
    "role": "system",
    "content": f"<json_schema>{json.dumps(THREAD_SCHEMA)}</json_schema>",
}
USER = {"role": "user", "content": "Well?"}
FIELDS = {"continue_final_message": True, "add_generation_prompt": False}
MODE = {"response_format": {"type": "json_object"}}


def asking(model: str, prefix: str, mark: Any = None, **more: Any) -> tuple[int, Any]:
    """Return the status and the body for a request that ends in `prefix`."""
    last = {"role": "assistant", "content": prefix, **(mark or {})}
    is_beta = more.pop("beta", False)
    body = chat_body(model, messages=[SYSTEM, USER, last], **more)
    reply = chat(json.dumps(body).encode(), is_beta=is_beta)
    (part,) = reply.parts
    assert isinstance(part, bytes)
    return reply.status, json.loads(part)


def content(model: str, prefix: str = '{"choice":"', mark: Any = None, **more: Any) -> str:
    status, body = asking(model, prefix, mark, **more)
    assert status == 200, body
    return str(body["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    ("model", "mark", "more"),
    [
        ("continues", {}, {}),
        ("continues-partial", {"partial": True}, {}),
        ("continues-prefix", {"prefix": True}, {}),
        ("continues-beta", {"prefix": True}, {"beta": True}),
        ("continues-field", {}, FIELDS),
    ],
)
def test_styles(model: str, mark: Any, more: dict[str, Any]):
    """Each goes on when it is asked in its way; under a JSON mode it starts afresh."""
    assert content(model, mark=mark, **more) == 'angry"}'
    assert content(model, mark=mark, **more, **MODE) == GOOD


@pytest.mark.parametrize(
    ("model", "mark", "more"),
    [
        ("clean", {}, FIELDS),
        ("ignores-prefill", {}, {}),
        ("continues-partial", {"prefix": True}, {}),
        ("continues-beta", {"prefix": True}, {}),
        ("continues-beta", {}, {"beta": True}),
        ("continues-field", {}, {}),
    ],
)
def test_otherwise_afresh(model: str, mark: Any, more: dict[str, Any]):
    """Asked in another way, it starts afresh."""
    assert content(model, mark=mark, **more) == GOOD


@pytest.mark.parametrize(
    ("model", "more", "words"),
    [
        ("refuses-prefill", {}, "Assistant response prefill is incompatible with enable_thinking."),
        ("refuses-prefill-always", {}, "must end with a user message."),
        ("continues-prefix", {}, "(or Assistant with prefix True)"),
        ("continues-field", {"continue_final_message": True}, "Cannot set both"),
    ],
)
def test_refusals(model: str, more: dict[str, Any], words: str):
    """What cannot be gone on with is refused in the words of a host; other requests are welcome."""
    status, body = asking(model, "{", **more)
    assert status == 400
    assert words in body.get("error", body)["message"]
    assert chat(json.dumps(chat_body(model, THREAD_SCHEMA)).encode()).status == 200


def test_refusals_that_depend():
    """llama.cpp takes a prefill with thinking switched off, and never two."""
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    assert content("refuses-prefill+continues", **off) == 'angry"}'
    twice = [USER, *[{"role": "assistant", "content": "{"}] * 2]
    assert chat(json.dumps(chat_body("echoes", messages=twice)).encode()).status == 400


def test_echo():
    """What is gone on with comes first, but not in an answer from the start."""
    assert content("echoes") == GOOD
    assert content("echoes", "{ ") == '{ "choice":"angry"}'
    assert content("echoes", "What?") == GOOD


@pytest.mark.parametrize(
    ("model", "prefix", "rest"),
    [
        ("continues+fenced", '{"choice":', '"angry"}\n```'),
        ("continues+fenced", '```json\n{"choice":', '"angry"}\n```'),
        ("continues+thinks", "{", '"choice":"angry"}'),
        ("continues+single-quotes", "{", "'choice':'angry'}"),
        ("continues+trailing-comma", '{"choice":"', 'angry",}'),
        ("continues+wrong-enum", '{"choice":', '"happy"}'),
        ("continues+wrong-enum", '{"choice":"a', 'ngry"}'),
        ("continues+blank-loop", '{"choice"', ':"angry"}'),
        ("continues", GOOD, ""),
        ("continues+spaced", '{"choice":', ' "angry"}'),
        ("continues+spaced", '{"choice": ', '"angry"}'),
    ],
)
def test_going_on_in_its_own_manner(model: str, prefix: str, rest: str):
    """Spelling and wrong values stay; what stands before a document is not said in the middle."""
    assert content(model, prefix) == rest


def test_without_a_schema():
    """A text goes on as text, and JSON as some object."""
    plain = {"model": "demo/continues"}
    for prefix, rest in (("Hello! I", " am the"), ('{"k', 'ey1":"')):
        last = {"role": "assistant", "content": prefix}
        reply = chat(json.dumps(plain | {"messages": [USER, last]}).encode())
        (part,) = reply.parts
        assert isinstance(part, bytes)
        text = json.loads(part)["choices"][0]["message"]["content"]
        assert text.startswith(rest)

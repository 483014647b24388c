"""Tokens and their log-probabilities."""

import json
from typing import Any

import pytest

from strictgate.demo.chat import chat
from strictgate.demo.tokens import token_logprobs, tokenize
from strictgate.demo.upstream import create_demo
from strictgate.demo.writer import TextError
from tests.demo.client import THREAD_SCHEMA, call, chat_body

WANTED = {"logprobs": True, "top_logprobs": 3}


def completion(model: str, **more: Any) -> Any:
    (part,) = chat(json.dumps(chat_body(model, THREAD_SCHEMA, **more)).encode()).parts
    assert isinstance(part, bytes)
    return json.loads(part)


def test_pieces():
    """Words are cut, punctuation runs together, nothing is lost."""
    assert tokenize('{"choice": "angry1234"}') == [
        '{"', "choi", "ce", '":', " ", '"', "angr", "y", "123", "4", '"}',
    ]  # fmt: skip
    assert "".join(tokenize("é_\n\t😀́ 12")) == "é_\n\t😀́ 12"


@pytest.mark.parametrize(
    ("text", "slip", "token", "right"),
    [
        ('{"a":"ANGRY"}', TextError(5, 12, '"angry"'), "ANGR", "angr"),
        ('{"a":12 USD}', TextError(5, 11, "12"), " USD", "}"),
        ('{"a":1}', TextError(6, 6, ',"b":2'), "}", ',"'),
        ('{"a":1,}', TextError(6, 7, ""), ",}", "}"),
        ('{"a":"12"}', TextError(5, 9, "12"), '":"', '":'),
        ('{"a":"angr"}', TextError(5, 11, '"angry"'), '"}', "y"),
    ],
)
def test_right_alternative(text: str, slip: TextError, token: str, right: str):
    """At the first token that is wrong, the second likeliest is what would have been right."""
    entries = token_logprobs(text, (slip,), 5)
    assert "".join(entry["token"] for entry in entries) == text
    unsure = [entry for entry in entries if entry["logprob"] < -0.5]
    assert [(each["token"], each["top_logprobs"][1]["token"]) for each in unsure] == [
        (token, right)
    ]
    assert all(len(entry["top_logprobs"]) == 5 for entry in entries)


def test_shape():
    """OpenAI's shape: an entry for each token, with its bytes and its alternatives."""
    (choice,) = completion("clean", **WANTED)["choices"]
    first = choice["logprobs"]["content"][0]
    assert first.keys() == {"token", "logprob", "bytes", "top_logprobs"}
    assert first["top_logprobs"][0] == {"token": '{"', "logprob": -0.05, "bytes": [123, 34]}
    assert len(first["top_logprobs"]) == 3
    assert completion("clean")["choices"][0]["logprobs"] is None
    alone = completion("clean", logprobs=True)["choices"][0]["logprobs"]["content"]
    assert [each["top_logprobs"] for each in alone] == [[]] * len(alone)


def test_mistakes_are_unsure():
    """A model that slips shows what it nearly said."""
    entries = []
    for seed in range(40):
        body = completion("slips-80", seed=seed, **WANTED)
        entries += body["choices"][0]["logprobs"]["content"]
    seconds = [each["top_logprobs"][1]["token"] for each in entries if each["logprob"] < -0.5]
    assert {"angr", "choi"} <= set(seconds)


@pytest.mark.parametrize("model", ["clean", "fenced+slips-90", "echoes", "prose+thinks"])
def test_streamed(model: str):
    """Each delta of a stream has the entries of its own tokens; an echo has none."""
    schema = f"<json_schema>{json.dumps(THREAD_SCHEMA)}</json_schema>"
    messages = [
        {"role": "user", "content": schema},
        {"role": "assistant", "content": '{"cho'},
    ]
    body = chat_body(model, messages=messages, **WANTED)
    (whole,) = call(create_demo(), "POST", "/v1/chat/completions", body).json["choices"]
    *chunks, done = call(
        create_demo(), "POST", "/v1/chat/completions", body | {"stream": True}
    ).events
    choices = [chunk["choices"][0] for chunk in chunks]
    text = "".join(each["delta"].get("content", "") for each in choices)
    assert (text, done) == (whole["message"]["content"], "[DONE]")
    told = [each for each in choices if each["logprobs"]]
    assert [entry for each in told for entry in each["logprobs"]["content"]] == whole["logprobs"][
        "content"
    ]
    for each in told:
        tokens = [entry["token"] for entry in each["logprobs"]["content"]]
        assert "".join(tokens) == each["delta"]["content"]
    silent = "".join(each["delta"].get("content", "") for each in choices if not each["logprobs"])
    assert silent == ('{"cho' if model == "echoes" else "")

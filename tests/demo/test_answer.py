"""The messages of an answer: what the model says, before it is put on the wire."""

from typing import Any

import orjson
import pytest

from strictgate.demo.answer import (
    HELLO,
    AnswerChanges,
    Message,
    answer_messages,
    document_for,
    intended_document,
)
from strictgate.demo.chat_request import ChatRequest, MalformedRequest, parse_chat_request
from strictgate.demo.output_styles import reasons
from strictgate.demo.prefill import trailing
from strictgate.demo.runaway import blanks
from strictgate.demo.spellings import fenced, python_literals, trailing_comma
from tests.demo.client import REVIEW_SCHEMA, THREAD_SCHEMA, chat_body

GOOD = '{"choice":"angry"}'


def chat_request(schema: Any = THREAD_SCHEMA, **more: Any) -> ChatRequest:
    return parse_chat_request(orjson.dumps(chat_body("clean", schema, **more)))


def told(manner: AnswerChanges, **more: Any) -> Message:
    (message,) = answer_messages(chat_request(**more), manner)
    return message


def going_on(prefix: str, manner: AnswerChanges, schema: Any = THREAD_SCHEMA) -> Message:
    """The answer to a prefix, with the schema in the prompt: no JSON mode goes on."""
    said = f"<json_schema>{orjson.dumps(schema).decode()}</json_schema>"
    prompt = {"role": "user", "content": said}
    last = {"role": "assistant", "content": prefix}
    return told(manner, schema=None, messages=[prompt, last])


def test_a_plain_answer_is_the_document():
    """As often as choices are wanted; prose where no JSON is."""
    assert answer_messages(chat_request(n=2), AnswerChanges()) == [Message(GOOD)] * 2
    assert answer_messages(chat_request(None), AnswerChanges()) == [Message(HELLO)]


def test_changes_are_made_in_order():
    """Of the value, of the spelling, of what stands around it, of the message."""
    manner = AnswerChanges(
        document_changes=(
            lambda found, _, index: {**found, "at": index},
            lambda found, *_: [found, True],
        ),
        spelling_changes=(trailing_comma, python_literals),
        surroundings=(fenced,),
        message_changes=(reasons,),
    )
    assert not manner.is_plain
    message = told(manner)
    assert message.text == '```json\n[{"choice":"angry","at":0},True,]\n```'
    assert message.reasoning


def test_a_document_is_not_shared():
    """Whoever changes one changes a copy."""
    intended_document(chat_request())["choice"] = "calm"
    assert intended_document(chat_request()) == {"choice": "angry"}
    assert intended_document(chat_request(None)) == {"answer": "Hello!"}


def test_a_schema_with_impossible_arguments_is_refused():
    """As malformed, whatever went wrong with it."""
    with pytest.raises(MalformedRequest) as caught:
        document_for(b'{"minLength":{}}')
    assert caught.value.param == "response_format"


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ('{"cho', 'ice":"angry"}\n```'),
        ("```json\n{", '"choice":"angry"}\n```'),
        ("Hm", f"{GOOD}\n```"),
    ],
)
def test_a_prefix_is_gone_on_with(prefix: str, text: str):
    """Its fence counts as said; what begins no document is followed by the whole of one."""
    message = going_on(prefix, AnswerChanges(prefill_readers=(trailing,), surroundings=(fenced,)))
    assert message.text == text
    assert message.continued_prefix == (prefix if prefix != "Hm" else "")


def test_a_spelling_goes_on_as_it_began():
    """Behind a prefix of JSON the rest is spelt otherwise; one that is none is begun anew."""
    schema = {"type": "object", "properties": {"a": {"const": True}, "b": {"const": None}}}
    manner = AnswerChanges(prefill_readers=(trailing,), spelling_changes=(python_literals,))
    assert going_on('{"a":true,', manner, schema).text == '"b":None}'
    assert going_on('{"a":True,', manner, schema).text == '{"a":True,"b":None}'


def test_the_budget_cuts():
    """Reasoning uses it up first; four characters are a token."""
    assert told(AnswerChanges(), max_tokens=2) == Message(GOOD[:8], finish_reason="length")
    short = told(AnswerChanges(message_changes=(reasons,)), max_tokens=3)
    assert (short.text, short.reasoning, short.finish_reason) == ("", "The user wan", "length")
    assert short.tokens == 3


def test_a_loop_never_ends_well():
    """The document is lost in it, and the finish reason says so."""
    message = told(AnswerChanges(runaways=(blanks,)), schema=REVIEW_SCHEMA)
    assert message.finish_reason == "length"
    assert message.text.endswith("\n" * 100)

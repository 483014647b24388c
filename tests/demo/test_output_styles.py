"""What a model does besides saying its text."""

from dataclasses import replace

import orjson

from strictgate.demo import output_styles as styles
from strictgate.demo.answer import Message
from strictgate.demo.chat_request import parse_chat_request
from tests.demo.client import chat_body

ASK = parse_chat_request(orjson.dumps(chat_body("clean")))
SAID = Message('{"a":1}', continued_prefix='{"b":2,')
CALL = Message('{"a":1}', tool="save")


def test_only_the_style_changes():
    """The rest of the message stays as it is."""
    assert styles.reasons(SAID, ASK).text == SAID.text
    assert styles.reasons(SAID, ASK).reasoning
    assert styles.only_reasoning(SAID, ASK) == replace(SAID, text="", reasoning=SAID.text)
    assert styles.only_reasoning(CALL, ASK) == CALL
    assert styles.echoes(SAID, ASK) == replace(SAID, echo=SAID.continued_prefix)
    assert styles.truncates(SAID, ASK) == replace(SAID, text='{"a', finish_reason="length")
    assert styles.filtered(SAID, ASK) == replace(SAID, text='{"a', finish_reason="content_filter")


def test_what_is_no_answer():
    """Prose has no bracket; a refusal has no text, nor can it be cut."""
    assert not set("{[") & set(styles.ignores(CALL, ASK).text or "")
    refusal = styles.refuses(SAID, ASK)
    assert (refusal.text, bool(refusal.refusal)) == (None, True)
    assert styles.truncates(refusal, ASK).text == ""

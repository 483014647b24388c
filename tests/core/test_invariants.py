"""What holds of every conversation, whatever the model writes and the upstream does.

docs/invariants.md lists what must never break, with the test that holds each. Here are those that
only a whole conversation can show. The verdict on a document is that of the package `jsonschema`.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.conversation.protocol import (
    Ask,
    Compile,
    HeavyStep,
    Outcome,
    ReadMore,
    Stop,
)
from strictgate.core.errors import GatewayError, OutputInvalid, UpstreamBadResponse
from strictgate.core.output.origins import ByteOrigin, OriginRange
from strictgate.core.repair_steps import Extraction, Repair
from tests.core.guards import PERSON
from tests.core.talks import body, conversation, machine, said, streamed

MANY = settings(max_examples=3 * settings.default.max_examples)
LIST = {"type": "array", "items": {"type": "integer", "minimum": 3}, "minItems": 1}
SCHEMAS = (PERSON, LIST, {"anyOf": [{"type": "string", "format": "date"}, PERSON]})
GOOD = '{"name": "Ann", "age": 7, "mood": "calm"}'
SCRAPS = (
    *('{"name": "Ann"', ', "age": 7', ', "mood": "calm"', "}", '"happy"', '"ANGRY"', '"7"', ","),
    *(GOOD, "[3, 4]", "[1, 2", "]", '"2026-01-02"', "{", ":", '"', " ", "\n", "\\u00", "é", "null"),
    *("```json\n", "\n```", "<think>", "</think>", "Here it is: ", "None", "'x'", "// why", "[]"),
)
TEXTS = st.sampled_from([GOOD, "[3, 4]", ' "calm"}']) | st.lists(
    st.sampled_from(SCRAPS), max_size=8
).map("".join)
ENDS = st.sampled_from(["stop", "stop", "stop", "length", "content_filter"])


@dataclass(frozen=True)
class Answer:
    """What an upstream says once, and in which pieces if it streams."""

    text: str
    finish_reason: str = "stop"
    cuts: tuple[int, ...] = ()

    def turns(self, *, stream: bool) -> list[Any]:
        """What the driver gives the conversation, one by one."""
        if not stream:
            return [said(self.text, finish_reason=self.finish_reason)]
        edges = [0, *sorted({cut for cut in self.cuts if 0 < cut < len(self.text)})]
        pieces = [self.text[start:end] for start, end in pairwise([*edges, len(self.text)])]
        return streamed(*pieces, finish_reason=self.finish_reason)


ANSWERS = st.builds(Answer, TEXTS, ENDS, st.lists(st.integers(1, 60)).map(tuple))


@dataclass(frozen=True)
class Ending:
    """How a conversation ended: with an outcome or an error, after what was given and asked."""

    given: str
    asked: int
    outcome: Outcome | None = None
    error: GatewayError | None = None

    @property
    def choice(self) -> dict[str, Any]:
        assert self.outcome
        return self.outcome.body["choices"][0]

    @property
    def result(self) -> Any:
        """What the caller has of it."""
        if self.error:
            return type(self.error), self.error.message, self.error.body()["error"]
        return self.choice["message"]["content"], self.choice["finish_reason"]


def held(talk, answers, *, stream):
    """Let the upstream say `answers` one after the other, and fail when there are none left."""
    run, given, asked, ahead = talk.run(), "", 0, []
    answers = iter(answers)
    turn = next(run)
    try:
        while True:
            match turn:
                case Compile(schema):
                    turn = run.send(machine(schema.source))
                    continue
                case HeavyStep():
                    turn = run.send(None)
                    continue
                case Ask():
                    asked += 1
                    answer = next(answers, None)
                    streams = stream or bool(turn.body.get("stream"))
                    ahead = answer.turns(stream=streams) if answer else []
                case ReadMore():
                    given += "".join(each.delta.get("content", "") for each in turn.news)
                case Stop():
                    ahead = ahead[-1:]
            if ahead:
                turn = run.send(ahead.pop(0))
            else:
                turn = run.throw(UpstreamBadResponse("The upstream broke off."))
    except StopIteration as done:
        return Ending(given, asked, outcome=done.value)
    except GatewayError as error:
        return Ending(given, asked, error=error)


def is_valid(text, schema):
    checker = jsonschema.FormatChecker()
    return jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(
        json.loads(text)
    )


TALKS = {
    "answers": st.lists(ANSWERS, min_size=1, max_size=5),
    "schema": st.sampled_from(SCHEMAS),
    "level": st.sampled_from(Repair),
    "prefill": st.sampled_from([Prefill.NONE, Prefill.TRAILING]),
    "stream": st.booleans(),
}


def talk(schema, level, prefill, *, stream, mode=Mode.PROMPT, attempts=3):
    able = Capabilities(modes=(mode,), prefill=prefill)
    return conversation(body(schema, stream=stream), able, repair=level, max_attempts=attempts)


@MANY
@given(**TALKS)
def test_no_success_with_an_invalid_document(answers, schema, level, prefill, stream):
    """A success is a valid document, or the model's own refusal to go on, which says so."""
    ending = held(talk(schema, level, prefill, stream=stream), answers, stream=stream)
    if ending.outcome and ending.choice["finish_reason"] != "content_filter":
        assert is_valid(ending.choice["message"]["content"], schema)
    assert ending.asked <= len(answers) + 2


WRITTEN = {ByteOrigin.MODEL, ByteOrigin.CONTINUED}


@MANY
@given(**TALKS)
def test_every_byte_has_an_origin(answers, schema, level, prefill, stream):
    """The origins cover the document; what the model wrote stands in its answers, and what it did
    not write is there only where a step says so."""
    ending = held(talk(schema, level, prefill, stream=stream), answers, stream=stream)
    if not ending.outcome or 0 not in ending.outcome.origins:
        return
    origins = ending.outcome.origins[0]
    document = ending.choice["message"]["content"].encode()
    edges = [0, *(each.end for each in origins.ranges)]
    assert edges[:-1] == [each.start for each in origins.ranges]
    assert edges[-1] == len(document)
    heard = iter("".join(answer.text for answer in answers).encode())
    written = [each for each in origins.ranges if each.origin in WRITTEN]
    assert all(byte in heard for each in written for byte in document[each.start : each.end])
    steps = {step.name for _, step in ending.outcome.steps} - set(Extraction)
    opened = OriginRange(0, 1, ByteOrigin.FORCED)  # of a prefix, which is no step
    assert steps or written == [each for each in origins.ranges if each != opened]


@MANY
@given(**TALKS)
def test_what_was_given_is_not_taken_back(answers, schema, level, prefill, stream):
    """The deltas are the beginning of the document that comes in the end."""
    ending = held(talk(schema, level, prefill, stream=stream), answers, stream=stream)
    if ending.outcome:
        assert (ending.choice["message"]["content"] or "").startswith(ending.given)
        assert len(ending.given) == ending.outcome.sent.get(0, {}).get("content", 0)


@MANY
@given(**TALKS)
def test_nothing_is_lost(answers, schema, level, prefill, stream):
    """An error of the model's has its text, and the usage of all answers is added up."""
    ending = held(talk(schema, level, prefill, stream=stream), answers, stream=stream)
    heard = [answer.text for answer in answers[: ending.asked]]
    if isinstance(ending.error, OutputInvalid):
        assert ending.error.failed_generation or not all(map(str.strip, heard))
        if prefill is Prefill.NONE:
            told = json.dumps(ending.error.body())
            assert any(json.dumps(text)[1:-1] in told for text in heard)
    if ending.outcome and not stream and prefill is Prefill.NONE:
        assert ending.outcome.body["usage"]["total_tokens"] == 10 * ending.asked


@MANY
@given(
    answer=ANSWERS,
    schema=st.sampled_from(SCHEMAS),
    level=st.sampled_from(Repair),
    prefill=st.sampled_from([Prefill.NONE, Prefill.TRAILING]),
)
def test_one_text_has_one_result(answer, schema, level, prefill):
    """Whole, in one piece, in several, character by character: the same document, or error."""
    ways = [(False, answer)]
    bytewise = tuple(range(len(answer.text)))
    for cuts in ((), answer.cuts, bytewise):
        ways.append((True, Answer(answer.text, answer.finish_reason, cuts)))
    results = [
        held(talk(schema, level, prefill, stream=False, attempts=1), [each], stream=stream).result
        for stream, each in ways
    ]
    assert results == results[:1] * 4


RIVAL = GOOD.replace("calm", "angry").replace("Ann", "Bob")
BEHIND = (
    *(GOOD, RIVAL, RIVAL[:20], "{", "}", "\n", "\n\n\n", " " * 40, "```", "\n```\n", "```json\n"),
    *("Wait, no: ", "I hope that this helps.", '"', ", ", "<think>", "</think>", "[3]", "é", "{}"),
    *('{"why": 1}', '{"name": "Bob"}', "{'name': 'Bob'}", "!" * 700, "<|im_end|>", '{"value": '),
)


@MANY
@given(
    before=st.sampled_from(["", "", "```json\n", "<think>So.</think>", "Here it is:\n"]),
    behind=st.lists(st.sampled_from(BEHIND), max_size=6).map("".join),
    finish_reason=st.sampled_from(["stop", "length"]),
    level=st.sampled_from(Repair),
    prefill=st.sampled_from([Prefill.NONE, Prefill.TRAILING]),
    cuts=st.lists(st.integers(1, 60)).map(tuple),
)
def test_text_behind_a_document_has_one_result(before, behind, finish_reason, level, prefill, cuts):
    """The same document with the same steps, or the same error: whole, as a stream that is held
    back, and as one that goes out, however it is cut; what is not seen does not count."""
    text = before + GOOD + behind
    found = []
    for stream, places in ((False, ()), (True, ()), (True, cuts), (True, tuple(range(len(text))))):
        made = talk(PERSON, level, prefill, stream=stream, attempts=1)
        ending = held(made, [Answer(text, finish_reason, places)], stream=stream)
        if ending.outcome:
            assert ending.choice["message"]["content"].startswith(ending.given)
            found.append((ending.result, {step for _, step in ending.outcome.steps}))
        else:
            found.append((type(ending.error), ending.error.message))
    assert found == found[:1] * 4

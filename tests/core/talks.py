"""Conversations without a network: what the upstream says is given, what it was asked is kept."""

import json
from dataclasses import dataclass
from functools import lru_cache

from strictgate.core.capabilities import Capabilities
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import Ask, Compile, HeavyStep, Stop, StreamPart
from strictgate.core.grammar import compiler
from strictgate.core.guard.grammar_matcher import load_grammar
from strictgate.core.plan.planner import Planner
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.core.value_type import value_type
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.reply import Failure, Reply, parse_reply
from strictgate.core.wire.sse import SseEvent

MOOD = {
    "type": "object",
    "properties": {"choice": {"type": "string", "enum": ["angry", "calm"]}},
    "required": ["choice"],
    "additionalProperties": False,
}
GOOD = '{"choice":"angry"}'
BAD = '{"choice":"happy"}'


def body(schema=MOOD, **changes):
    inner = {"name": "mood", "schema": schema}
    return {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": inner},
    } | changes


def planner(request=None, capabilities=None, model="m"):
    request = request or body()
    wanted = read_contract(request)
    schema = admit(wanted.source, name=wanted.name)
    return Planner(wanted, schema, capabilities or Capabilities(), request, model)


def conversation(request=None, capabilities=None, refused=(), work=None, **rules):
    return Conversation(planner(request, capabilities), Enforcement(**rules), refused, work=work)


def said(*texts, finish_reason="stop", usage=None, **message):
    """A reply of the upstream with a choice for each text."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": text} | message,
            "finish_reason": finish_reason,
        }
        for index, text in enumerate(texts)
    ]
    usage = {"total_tokens": 10} if usage is None else usage
    return parse_reply({"id": "c", "model": "m", "choices": choices, "usage": usage})


def refused(status, message, **error):
    """A refusal of the upstream, in OpenAI's shape."""
    return Failure(status, {"error": {"message": message} | error}, {})


@lru_cache
def _machine(text):
    return load_grammar(compiler.compile_grammar(admit(json.loads(text), name="s")))


def machine(schema):
    """The grammar of a schema, made once."""
    return _machine(json.dumps(schema))


@value_type
class Part(StreamPart):
    """A part of a stream, and the reply as far as it has come with it."""

    reply: Reply


def streamed_deltas(*deltas, finish_reason="stop", logprobs=()):
    """The parts of a stream of one choice with these deltas, and the reply that they make."""
    collector, parts = Collector(), []
    for position, delta in enumerate(deltas):
        choice = {"index": 0, "delta": delta}
        if position < len(logprobs):
            choice["logprobs"] = {"content": logprobs[position]}
        chunk = {"id": "c", "model": "m", "choices": [choice]}
        added = collector.feed(SseEvent(json.dumps(chunk)))
        if added:
            parts.append(Part(added, parse_reply(collector.completion())))
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]}
    collector.feed(SseEvent(json.dumps(last)))
    collector.feed(SseEvent("[DONE]"))
    return [*parts, parse_reply(collector.completion())]


def streamed(*pieces, **options):
    """The same for a piece of content in each delta."""
    return streamed_deltas(*({"content": piece} for piece in pieces), **options)


def turns(talk, *answers):
    """Give `answers`, which may be exceptions, one by one; return the outcome and every turn.

    Grammars are compiled when they are wanted. A turn that reads on takes the next answer, as one
    that asks does; what is left of a stream when the conversation asks anew is passed over.
    """
    run, taken, ahead = talk.run(), [], list(answers)
    step, so_far = next(run), None
    while True:
        taken.append(step)
        if isinstance(step, Compile):
            give = machine(step.schema.source)
        elif isinstance(step, HeavyStep):
            give = None
        elif isinstance(step, Stop):
            give = so_far
        else:
            if isinstance(step, Ask):
                while ahead and isinstance(ahead[0], Late):
                    ahead.pop(0)
            assert ahead, f"still asking: {step}"
            give = ahead.pop(0)
            give = give.answer if isinstance(give, Late) else give
            so_far = give.reply if isinstance(give, Part) else so_far
        try:
            step = run.throw(give) if isinstance(give, Exception) else run.send(give)
        except StopIteration as done:
            return done.value, taken


@dataclass(frozen=True)
class Late:
    """A part of a stream behind its first: of no use once the next thing is asked."""

    answer: StreamPart | Reply


def stream(*pieces, **options):
    """`streamed`, for `turns`."""
    return stream_of(*({"content": piece} for piece in pieces), **options)


def stream_of(*deltas, **options):
    """`streamed_deltas`, for `turns`."""
    first, *rest = streamed_deltas(*deltas, **options)
    return [first, *(Late(each) for each in rest)]


def hold(talk, *answers):
    """Give `answers`, which may be exceptions, one by one; return the outcome and the asks."""
    outcome, taken = turns(talk, *answers)
    return outcome, [turn for turn in taken if isinstance(turn, Ask)]


def contents(outcome):
    return [choice["message"]["content"] for choice in outcome.body["choices"]]


def modes(asks):
    return [ask.plan.mode.value for ask in asks]

"""Conversations without a network: what the upstream says is given, what it was asked is kept."""

import json

from app.core import contract, reply
from app.core.capabilities import Capabilities
from app.core.conversation import Ask, Conversation
from app.core.enforcement import Enforcement
from app.core.plan import Planner
from app.core.reply import Failure
from app.core.schema import admit

MOOD = {
    "type": "object",
    "properties": {"choice": {"type": "string", "enum": ["angry"]}},
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
    wanted = contract.read(request)
    schema = admit(wanted.source, name=wanted.name)
    return Planner(wanted, schema, capabilities or Capabilities(), request, model)


def conversation(request=None, capabilities=None, refused=(), **rules):
    return Conversation(planner(request, capabilities), Enforcement(**rules), refused)


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
    return reply.read({"id": "c", "model": "m", "choices": choices, "usage": usage})


def refused(status, message, **error):
    """A refusal of the upstream, in OpenAI's shape."""
    return Failure(status, {"error": {"message": message} | error}, {})


def hold(talk, *answers):
    """Give `answers`, which may be exceptions, one by one; return the outcome and the asks."""
    run = talk.run()
    asks = [next(run)]
    for answer in answers:
        try:
            step = run.throw(answer) if isinstance(answer, Exception) else run.send(answer)
        except StopIteration as done:
            return done.value, asks
        assert isinstance(step, Ask)
        asks.append(step)
    raise AssertionError(f"still asking: {json.dumps(asks[-1].body)}")


def contents(outcome):
    return [choice["message"]["content"] for choice in outcome.body["choices"]]


def modes(asks):
    return [ask.plan.mode.value for ask in asks]

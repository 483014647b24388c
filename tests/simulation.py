"""How often a document comes, by how one asks for it: a simulation, the same at every run.

A model that means to say a document, and makes mistakes at a rate (strictgate/demo/model.py),
answers conversations. `python -m tests.simulation` prints the table of docs/guard.md;
test_simulation.py holds a small one.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from strictgate.core.capabilities import Capabilities, Mode, Prefill
from strictgate.core.conversation.conversation import Conversation
from strictgate.core.conversation.protocol import (
    Ask,
    Compile,
    HeavyStep,
    ReadMore,
    Stop,
    StreamPart,
)
from strictgate.core.errors import OutputInvalid
from strictgate.core.plan.plan import Purpose
from strictgate.core.plan.planner import Planner
from strictgate.core.repair_steps import Repair
from strictgate.core.request.contract import read_contract
from strictgate.core.request.options import Enforcement
from strictgate.core.schema.schema import admit
from strictgate.core.wire.collector import Collector
from strictgate.core.wire.reply import Reply, parse_reply
from strictgate.core.wire.sse import SseEvent
from strictgate.demo.error_rates import ErrorRates, RandomSeed
from strictgate.demo.model import answer_text
from tests.core.talks import machine

STRING = {"type": "string"}
WORDS = (
    *("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron"),
    *("inlet", "jade", "kelp", "lotus", "mango", "north"),
)
TICKET = {
    "type": "object",
    "properties": {
        "title": STRING,
        "kind": {"enum": ["bug", "question", "feature_request"]},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "is_urgent": {"type": "boolean"},
        "tags": {"type": "array", "items": STRING, "maxItems": 4},
        "assignee": {"type": ["string", "null"]},
    },
    "required": ["title", "kind", "priority", "is_urgent", "tags", "assignee"],
    "additionalProperties": False,
}
LINE = {
    "type": "object",
    "properties": {
        "sku": STRING,
        "quantity": {"type": "integer", "minimum": 1},
        "price": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "USD", "JPY"]},
        "gift": {"type": "boolean"},
        "note": {"type": ["string", "null"]},
    },
    "required": ["sku", "quantity", "price", "currency", "gift", "note"],
    "additionalProperties": False,
}
ORDER = {
    "type": "object",
    "properties": {
        "customer": STRING,
        "status": {"enum": ["open", "paid", "shipped"]},
        "lines": {"type": "array", "items": LINE},
    },
    "required": ["customer", "status", "lines"],
    "additionalProperties": False,
}


def ticket(dice: random.Random) -> dict[str, Any]:
    """A small document: about 150 bytes."""
    return {
        "title": " ".join(dice.choices(WORDS, k=5)),
        "kind": dice.choice(TICKET["properties"]["kind"]["enum"]),
        "priority": dice.randint(1, 5),
        "is_urgent": dice.random() < 0.5,
        "tags": dice.sample(WORDS, 3),
        "assignee": dice.choice([None, dice.choice(WORDS)]),
    }


def order(dice: random.Random) -> dict[str, Any]:
    """A large document: about 1.6 kB."""
    lines = [
        {
            "sku": f"{dice.choice(WORDS)}-{dice.randint(100, 999)}",
            "quantity": dice.randint(1, 20),
            "price": dice.randint(100, 9999) / 100,
            "currency": dice.choice(["EUR", "USD", "JPY"]),
            "gift": dice.random() < 0.5,
            "note": dice.choice([None, " ".join(dice.choices(WORDS, k=6))]),
        }
        for _ in range(14)
    ]
    return {"customer": dice.choice(WORDS), "status": "paid", "lines": lines}


@dataclass(frozen=True)
class Strategy:
    """A way to ask."""

    name: str
    rules: dict[str, Any]
    prefill: bool = False
    stream: bool = False
    lies: bool = False
    """The model takes no notice of prefixes."""


PLAIN = {"repair": Repair.OFF}
STRATEGIES = (
    Strategy("single", PLAIN | {"max_attempts": 1}),
    Strategy("retry ×3", PLAIN | {"max_attempts": 3}),
    Strategy("retry ×8", PLAIN | {"max_attempts": 8}),
    Strategy("mends, restart ×3", {"max_attempts": 3}),
    Strategy("mends, restart ×8", {"max_attempts": 8}),
    Strategy("go on", {"max_attempts": 3}, prefill=True),
    Strategy("go on, streamed", {"max_attempts": 3}, prefill=True, stream=True),
    Strategy("go on, no mends", PLAIN | {"max_attempts": 3}, prefill=True),
    Strategy("go on, prefixes ignored", {"max_attempts": 3}, prefill=True, lies=True),
)


@dataclass
class Tally:
    """What came of a number of documents."""

    documents: int = 0
    valid: int = 0
    invalid: int = 0
    """Of those that were given as a success; the promise is that there are none."""
    taken_back: int = 0
    """Documents that do not begin with what had been streamed of them."""
    identical: int = 0
    calls: int = 0
    characters: int = 0

    def row(self) -> tuple[float, float, float, float]:
        """Per cent valid, per cent as the model meant it, calls and characters per document."""
        count = self.documents or 1
        shares = 100 * self.valid / count, 100 * self.identical / count
        return (*shares, self.calls / count, self.characters / count)


class Model:
    """The upstream of one document."""

    def __init__(self, schema: Any, document: Any, seed: str, rates: ErrorRates) -> None:
        self._about = schema, document
        self._seed = seed
        self._rates = rates
        self.collector = Collector()
        """What has been streamed of the last answer."""
        self.calls = 0
        self.characters = 0

    def answer(self, ask: Ask) -> Iterator[Any]:
        """Yield what comes back: the parts of a stream and the whole of it, or the whole alone."""
        messages = ask.body["messages"]
        prefix = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        told = [each for each in messages if each["role"] == "user"]
        has_feedback = len(told) > 1 or "Mind, in the JSON" in str(told[-1]["content"])
        self.calls += 1
        if ask.plan.purpose is Purpose.QUESTION:
            yield _reply("I do not know.", "stop")
            return
        sample = RandomSeed(self._seed, str(self.calls), has_feedback)
        written = answer_text(*self._about, prefix, self._rates, sample)
        if not ask.body.get("stream"):
            self.characters += len(written.text)
            yield _reply(written.text, written.finish_reason)
            return
        collector = self.collector = Collector()
        for start in range(0, len(written.text), 4):
            piece = written.text[start : start + 4]
            self.characters += len(piece)
            chunk = {"choices": [{"index": 0, "delta": {"content": piece}}]}
            yield StreamPart(collector.feed(SseEvent(json.dumps(chunk))))
        last = {"choices": [{"index": 0, "delta": {}, "finish_reason": written.finish_reason}]}
        collector.feed(SseEvent(json.dumps(last)))
        yield parse_reply(collector.completion())


def _reply(text: str, finish_reason: str) -> Reply:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return parse_reply({"choices": [choice]})


@lru_cache
def _admitted(text: str) -> Any:
    return admit(json.loads(text), name="s")


@dataclass(frozen=True)
class Given:
    """What the caller got: what was streamed, and the document, or None for an error."""

    streamed: str
    document: str | None


def ask_for(strategy: Strategy, schema: Any, model: Model) -> Given:
    """Hold one conversation."""
    body = {
        "model": "m",
        "stream": strategy.stream,
        "messages": [{"role": "user", "content": "Write it."}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
    }
    prefill = Prefill.TRAILING if strategy.prefill else Prefill.NONE
    able = Capabilities(modes=(Mode.PROMPT,), prefill=prefill)
    planner = Planner(read_contract(body), _admitted(json.dumps(schema)), able, body, "m")
    run = Conversation(planner, Enforcement(**strategy.rules)).run()
    answers: Iterator[Any] = iter(())
    given = ""
    try:
        turn = next(run)
        while True:
            match turn:
                case Compile():
                    turn = run.send(machine(schema))
                case HeavyStep():
                    turn = run.send(None)
                case Ask():
                    answers = model.answer(turn)
                    turn = run.send(next(answers))
                case Stop():
                    turn = run.send(parse_reply(model.collector.completion()))
                case ReadMore():
                    given += "".join(news.delta.get("content", "") for news in turn.news)
                    turn = run.send(next(answers))
    except StopIteration as done:
        return Given(given, done.value.body["choices"][0]["message"]["content"])
    except OutputInvalid:
        return Given(given, None)


def simulate(
    strategy: Strategy, make: Callable[[random.Random], Any], schema: Any, rate: float, count: int
) -> Tally:
    """Ask for `count` documents of a model that goes wrong at `rate`, as guard.md §5 has it."""
    tally = Tally()
    restarts = 1.0 if strategy.lies else 0.15
    rates = ErrorRates(rate, 0.5, 0.3, restarts, 0.1, 0.03, spaced=True)
    for seed in range(count):
        document = make(random.Random(seed))
        model = Model(schema, document, f"{seed}", rates)
        given = ask_for(strategy, schema, model)
        tally.documents += 1
        tally.calls += model.calls
        tally.characters += model.characters
        if given.document is not None:
            value = json.loads(given.document)
            is_valid = _admitted(json.dumps(schema)).is_valid(value)
            tally.valid += is_valid
            tally.invalid += not is_valid
            tally.taken_back += not given.document.startswith(given.streamed)
            tally.identical += value == document
    return tally


CELLS = (
    ("small, 3 %", ticket, TICKET, 0.03),
    ("small, 8 %", ticket, TICKET, 0.08),
    ("large, 1 %", order, ORDER, 0.01),
    ("large, 3 %", order, ORDER, 0.03),
    ("large, 8 %", order, ORDER, 0.08),
)


def main(count: int = 60) -> None:
    """Print the table."""
    print(f"| documents, mistakes | strategy | valid | as meant | calls | characters |  n={count}")
    print("|---|---|--:|--:|--:|--:|")
    for name, make, schema, rate in CELLS:
        for strategy in STRATEGIES:
            valid, same, calls, size = simulate(strategy, make, schema, rate, count).row()
            row = f"{valid:.1f} % | {same:.1f} % | {calls:.2f} | {size:,.0f}"
            print(f"| {name} | {strategy.name} | {row} |", flush=True)


if __name__ == "__main__":
    main()

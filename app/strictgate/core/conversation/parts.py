"""A wide document, asked for in parts (core/plan/splitting.py).

Each part is a conversation of its own, with the schema of the part, under the same guard and the
same record. The model is told which part it writes and what the parts before it say. In the end
they are put together, and judged as the whole that the caller has asked for.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import AttemptLog
from strictgate.core.conversation.choice_result import Accepted
from strictgate.core.conversation.protocol import DriverAnswer, Outcome, Turn
from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import parse_json
from strictgate.core.output.part_merging import OriginText, merge_parts
from strictgate.core.plan import prompt
from strictgate.core.plan.plan import Plan
from strictgate.core.plan.planner import Planner
from strictgate.core.value_type import value_type
from strictgate.core.wire.usage import token_count

_BUDGETS = ("max_tokens", "max_completion_tokens")


class PartConversation(Protocol):
    """The conversation about one part."""

    @property
    def planner(self) -> Planner:
        """As it is known by now what the upstream takes."""

    @property
    def plan(self) -> Plan:
        """The way in which it was asked."""

    def hold(self) -> Generator[Turn, DriverAnswer, Outcome]:
        """Hold it; the outcome has all of its repairs and origins."""


@value_type
class WrittenParts:
    """What came of the parts."""

    outcomes: tuple[Outcome, ...]
    plan: Plan
    """The way in which the last one was asked for."""

    @property
    def refusal(self) -> Outcome | None:
        """The last outcome, if it is no document: a refusal, a filter's stop."""
        return None if 0 in self.outcomes[-1].origins else self.outcomes[-1]

    @property
    def length(self) -> int:
        """Of all parts, in characters."""
        return sum(len(_content(each)) for each in self.outcomes)


def ask_parts(
    planner: Planner,
    record: AttemptLog,
    begin: Callable[[Planner, Collection[Mode]], PartConversation],
) -> Generator[Turn, DriverAnswer, WrittenParts]:
    """Ask for all parts, one after the other, until one is refused.

    Args:
        planner: of the whole document.
        record: where it is noted what happens.
        begin: makes the conversation about a part, given what makes its requests, and the modes
            that were refused for parts before it.
    """
    written: list[Outcome] = []
    while True:
        record.part = len(written) + 1
        used = token_count(record.spent, "completion_tokens", "output_tokens")
        refused = {each.mode for each in record.refused_modes if not each.for_schema}
        before = [_content(each) for each in written]
        asked = part_planner(planner, record.part, before, used)
        part = begin(asked, sorted(refused))
        written.append((yield from part.hold()))
        planner = replace(planner, capabilities=part.planner.capabilities)
        parts = WrittenParts(tuple(written), part.plan)
        if parts.refusal is not None or len(written) == len(planner.parts):
            record.part = 0
            return parts


def part_planner(planner: Planner, number: int, before: Sequence[str], used: int) -> Planner:
    """Return what makes the requests for a part.

    Args:
        number: of the part, from 1 on.
        before: the parts that have been written.
        used: tokens of the caller's own limit that are used up.
    """
    part = planner.parts[number - 1]
    names = [pointer(path) for path in part.paths]
    hint = prompt.part_hint(number, len(planner.parts), names, before)
    messages = prompt.with_hint([*planner.body["messages"]], hint)
    budgets = {
        name: max(1, planner.body[name] - used)
        for name in _BUDGETS
        if isinstance(planner.body.get(name), int)
    }
    return replace(
        planner,
        contract=replace(planner.contract, source=part.schema.source),
        schema=part.schema,
        body={**planner.body, "messages": messages} | budgets,
        parts=(),
    )


def whole_document(planner: Planner, written: Sequence[Outcome]) -> Accepted | None:
    """Return what the parts make up; None where that is not valid by the whole schema."""
    parts = [OriginText(_content(each), each.origins[0]) for each in written]
    made = merge_parts(parts, _divided(path for part in planner.parts for path in part.paths))
    if not planner.schema.is_valid(parse_json(made.text)):
        return None
    choice: Mapping[str, Any] = written[-1].body["choices"][0]
    message = {**choice["message"], "content": made.text}
    return Accepted(
        {**choice, "message": message, "logprobs": None},
        tuple(step for each in written for _, step in each.steps),
        passed_on=False,
        origins=made.origins,
    )


def _content(outcome: Outcome) -> str:
    return str(outcome.body["choices"][0]["message"]["content"])


def _divided(paths: Iterable[Path]) -> frozenset[Path]:
    """Return the objects that the values at `paths` are members of, the root included."""
    return frozenset(path[:length] for path in paths for length in range(len(path)))

"""What an answer is worth: is it valid, and does it say what is right."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

from adherence_suite.tasks import NOTHING, Task
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.schema.problems import Problem, collect_problems, most_specific

_FENCED = re.compile(r"```[a-zA-Z]*\n(.*?)\n?```", re.DOTALL)
_MAX_PROBLEMS = 10
_Z = 1.96  # of a confidence of 95%


@dataclass(frozen=True, slots=True)
class Score:
    """One text, judged."""

    failure: str = ""
    """What kind of failure it is; empty: valid."""
    value: Any = NOTHING
    problems: tuple[Problem, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.failure


def score(text: str, finish: str | None, task: Task) -> Score:
    """Judge `text` as a careful client would: a code fence around it all is forgiven."""
    fenced = _FENCED.fullmatch(text.strip())
    try:
        value = parse_json(fenced[1] if fenced else text.strip())
    except NotJSON:
        return Score("truncated" if finish == "length" else "not JSON")
    problems = collect_problems(task.validator.iter_errors(value), value, _MAX_PROBLEMS)
    return Score(most_specific(problems[0]).keyword if problems else "", value, problems)


def faithful(value: Any, task: Task) -> tuple[int, int]:
    """Return how many of the values that count are right, and how many count."""
    if task.expected is NOTHING:
        return 0, 0
    marks = list(_marks(task.expected, value))
    if task.is_exact:
        marks.append(_equals(task.expected, value))
    return sum(marks), len(marks)


def lost(value: Any, task: Task) -> int:
    """Return how many members of the right answer are not there, each with all that it holds."""
    return 0 if task.expected is NOTHING else sum(_missing(task.expected, value))


def _equals(one: Any, other: Any) -> bool:
    """Whether both are the same JSON document: nothing more, nothing less."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equals(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equals, one, other))
    return _same(one, other)


def _missing(expected: Any, value: Any) -> Iterator[int]:
    """Yield 1 for each member or element of `expected` that `value` does not have."""
    if isinstance(expected, dict):
        for name, wanted in expected.items():
            if isinstance(value, dict) and name in value:
                yield from _missing(wanted, value[name])
            else:
                yield 1
    elif isinstance(expected, list):
        for index, wanted in enumerate(expected):
            if isinstance(value, list) and index < len(value):
                yield from _missing(wanted, value[index])
            else:
                yield 1


def _marks(expected: Any, value: Any) -> Iterator[bool]:
    """Yield for each value that counts whether it is right. A list's length counts as one."""
    if isinstance(expected, dict):
        is_object = isinstance(value, dict)
        for name, wanted in expected.items():
            yield from _marks(wanted, value.get(name, NOTHING) if is_object else NOTHING)
    elif isinstance(expected, list):
        is_list = isinstance(value, list)
        yield is_list and len(value) == len(expected)
        for index, wanted in enumerate(expected):
            known = is_list and index < len(value)
            yield from _marks(wanted, value[index] if known else NOTHING)
    else:
        yield _same(expected, value)


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON value: 75 is 75.0, but 1 is not true."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a rate (Wilson's score interval)."""
    if not count:
        return 0.0, 1.0
    rate, weight = hits / count, _Z * _Z / count
    middle = (rate + weight / 2) / (1 + weight)
    half = _Z * sqrt(rate * (1 - rate) / count + weight / count / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def sign_test(one: int, other: int) -> float:
    """Return how likely it is that two that are equally good differ so much, or more: of the tasks
    in which they differ, the first was right in `one` and the second in `other` (two-sided)."""
    count = one + other
    tail = sum(comb(count, each) for each in range(min(one, other) + 1))
    return min(1.0, 2 * tail / 2**count)

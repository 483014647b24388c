"""What a request tells by name: the members that a text has a value of.

A record is told in many ways: as lines `user.age: 7`, as `age = 7`, as JSON. What they have in
common is a name, or a path of names, with a colon or an equals sign behind it. A name in a sentence
tells nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field

from strictgate.core.jsontext.pointer import Path
from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import value_type

MOST_TEXT = 16 << 10
"""Characters of a text that are looked at: of a longer one nothing is known, for it takes long."""
_STEP = r"[\w$@-]++(?:\[\d++\])*+"
_TOLD = late_pattern(rf"(?<![\w$@.\]-])({_STEP}(?:\.{_STEP})*+)[\"'`]?[ \t]*+(?=[:=])")


@value_type
class ToldNames:
    """The names that a text tells a value of."""

    within: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By each name the steps of paths that it is told directly behind, `items[0]` of the path
    `items[0].name`, and how often; "" where it begins a path, or stands alone."""

    def tells(self, name: str, path: Path, count: int) -> bool:
        """Whether it tells a value of the member `name` of the object at `path`.

        Args:
            count: how many members of that name the document has, wherever; what is told without a
                path may be any of these.
        """
        told = self.within.get(name)
        if told is None:
            return False
        step = _step(path)
        is_within = step in told or step.rpartition(".")[2] in told  # a name may have dots in it
        return told.get("", 0) > count or (bool(step) and is_within)


def told_names(text: str) -> ToldNames:
    """Return what `text` tells."""
    within: dict[str, dict[str, int]] = {}
    for before, name in _steps(text) if len(text) <= MOST_TEXT else ():
        told = within.setdefault(name, {})
        told[before] = told.get(before, 0) + 1
    return ToldNames(within)


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield each step of the paths that are told, without its index, and the step before it; of
    lines that begin alike, what they have in common once."""
    seen = set[str]()
    for found in _TOLD.finditer(text):
        before = path = ""
        steps = found[1].split(".")
        for position, step in enumerate(steps, 1):
            name = step.partition("[")[0]
            path = f"{path}.{name}"
            if position == len(steps) or path not in seen:
                yield before, name
            seen.add(path)
            before = step


def _step(path: Path) -> str:
    """Return the last name of `path` with the indices behind it, as a text tells them."""
    told = ""
    for step in reversed(path):
        if isinstance(step, str):
            return f"{step}{told}"
        told = f"[{step}]{told}"
    return told

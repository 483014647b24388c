"""What a request tells by name: the members that a text has a value of.

A record is told in many ways: as lines `user.age: 7`, as `age = 7`, as JSON. What they have in
common is a name, or a path of names, with a colon or an equals sign behind it. A name in a sentence
tells nothing.
"""

from strictgate.core.jsontext.pointer import Path
from strictgate.core.late_pattern import late_pattern
from strictgate.core.value_type import value_type

MOST_TEXT = 16 << 10
"""Characters of a text that are looked at: of a longer one nothing is known, for it takes long."""
_MOST_DIGITS = 6  # of an index: no document that is looked at has more items
_STEP = r"[\w$@-]++(?:\[\d++\])*+"
_TOLD = late_pattern(rf"(?<![\w$@.\]-])({_STEP}(?:\.{_STEP})*+)[\"'`]?[ \t]*+(?=[:=])")


@value_type
class ToldNames:
    """The names that a text tells a value of."""

    within: dict[str, dict[str, int]]
    """By each name the steps of paths that it is told directly behind, `items[0]` of the path
    `items[0].name`, and how often; "" where it begins a path, or stands alone."""

    lengths: dict[tuple[str, str], int]
    """How many items of an array are told, by the step before it, and its name."""

    def length(self, path: Path) -> int:
        """Return how many items it tells of the array at `path`; 0: it tells of none."""
        if not path or not isinstance(path[-1], str):
            return 0
        step, name = _step(path[:-1]), path[-1]
        told = (self.lengths.get((each, name), 0) for each in (step, step.rpartition(".")[2]))
        return max(told)

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
    told = ToldNames({}, {})
    seen = set[str]()
    for found in _TOLD.finditer(text) if len(text) <= MOST_TEXT else ():
        _take_path(found[1].split("."), told.within, told.lengths, seen)
    return told


def _take_path(
    steps: list[str],
    within: dict[str, dict[str, int]],
    lengths: dict[tuple[str, str], int],
    seen: set[str],
) -> None:
    """Note what a path tells; what it has in common with those before it is told once."""
    before = path = ""
    for position, step in enumerate(steps, 1):
        name, index, rest = step.partition("[")
        path = f"{path}.{name}"
        if path not in seen or (position == len(steps) and not index):
            told = within.setdefault(name, {})
            told[before] = told.get(before, 0) + 1
        if index:
            count = int(rest.partition("]")[0][:_MOST_DIGITS]) + 1
            lengths[before, name] = max(lengths.get((before, name), 0), count)
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

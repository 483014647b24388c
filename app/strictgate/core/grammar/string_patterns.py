r"""Patterns as regular expressions over the text of a JSON string, quotes and escapes included.

A pattern speaks of the characters of a string and is searched for in it; a terminal matches the
whole text. So the tree of a pattern is written anew with every character as it is spelt there, and
with "anything" before and behind it where no anchor stands. An anchor is understood at the edges
of a branch, also within a group that stands there: `^(a|b$)`. Elsewhere it is not.
"""

from enum import Enum
from functools import lru_cache

from strictgate.core.grammar.charsets import ALL, spelt
from strictgate.core.grammar.regexes import (
    Alternation,
    Anchor,
    Branch,
    Counted,
    Item,
    OneOf,
    Unclear,
    parse_regex,
)

_MAX_LENGTH = 32 * 1024
_ANYTHING = f"{spelt(ALL)}*"


class Edge(Enum):
    """What is beyond the end of a branch."""

    OPEN = "any text"
    SHUT = "nothing"
    INNER = "more of the pattern"


_START, _END = Anchor("^"), Anchor("$")


@lru_cache(maxsize=512)
def terminal(pattern: str) -> str:
    """Return a terminal for the JSON strings that `pattern` matches, as Lark writes it.

    Raises:
        Unclear: what it matches is not certain.
    """
    text = _choice(parse_regex(pattern), Edge.OPEN, Edge.OPEN)
    if len(text) > _MAX_LENGTH:
        raise Unclear("it is too long")
    return f'/"(?:{text})"/'


def _choice(choice: Alternation, before: Edge, behind: Edge) -> str:
    return "|".join(_branch(branch, before, behind) for branch in choice.branches)


def _branch(branch: Branch, before: Edge, behind: Edge) -> str:
    while branch and branch[0] == _START and before is not Edge.INNER:
        branch, before = branch[1:], Edge.SHUT
    while branch and branch[-1] == _END and behind is not Edge.INNER:
        branch, behind = branch[:-1], Edge.SHUT
    if len(branch) == 1 and _is_anchored(branch[0]):
        return _group(branch[0], before, behind)
    head, middle, tail = _parted(branch)
    start = _group(head, before, Edge.INNER) if head else _ANYTHING * (before is Edge.OPEN)
    end = _group(tail, Edge.INNER, behind) if tail else _ANYTHING * (behind is Edge.OPEN)
    return start + "".join(map(_item, middle)) + end


def _parted(branch: Branch) -> tuple[Item | None, Branch, Item | None]:
    """Part the groups at the edges from the rest, where anchors are in them."""
    head = branch[0] if branch and _is_anchored(branch[0]) else None
    tail = branch[-1] if branch and _is_anchored(branch[-1]) else None
    return head, branch[head is not None : len(branch) - (tail is not None)], tail


def _group(item: Item, before: Edge, behind: Edge) -> str:
    if not isinstance(item, Alternation):
        raise Unclear("an anchor where none is expected")
    return f"(?:{_choice(item, before, behind)})"


def _item(item: Item) -> str:
    match item:
        case OneOf(characters):
            if not characters:
                raise Unclear("a class of nothing")
            return spelt(characters)
        case Counted(inner, low, high):
            text = _item(inner)
            bounds = f"{{{low},{'' if high is None else high}}}"
            return f"(?:{text}){_SHORT.get(bounds, bounds)}"
        case Alternation() if not _is_anchored(item):
            return f"(?:{_choice(item, Edge.INNER, Edge.INNER)})"
        case _:
            raise Unclear("an anchor in the middle")


_SHORT = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}


def _is_anchored(item: Item) -> bool:
    """Whether there is an anchor in it."""
    match item:
        case Anchor():
            return True
        case Counted(inner):
            return _is_anchored(inner)
        case Alternation(branches):
            return any(_is_anchored(each) for branch in branches for each in branch)
        case _:
            return False

r"""Patterns as terminals over the text of a JSON string, quotes and escapes included.

A pattern of JSON Schema is searched for in the characters of a string (validation section 6.3.3:
it is not anchored). A terminal must match the whole text of the string. So the tree of the pattern
is written anew: every character becomes what stands for it in a JSON string, and "any text" is put
before and after it where no anchor stands.

An anchor is understood at the edges of an alternative, also within a group that stands there, as in
`^(a|b$)`. Anywhere else it can be met in rare cases or never, and the pattern is refused.
"""

from enum import Enum
from functools import lru_cache

from strictgate.core.grammar.charsets import ALL_CODE_POINTS, string_regex
from strictgate.core.grammar.regexes import (
    Alternative,
    Anchor,
    CharacterClass,
    Disjunction,
    Repetition,
    Term,
    UnsupportedRegex,
    parse_regex,
)

_MAX_LENGTH = 32 * 1024  # characters of the expression that the lexer is given
_ANY_TEXT = f"{string_regex(ALL_CODE_POINTS)}*"


class Edge(Enum):
    """What lies beyond the start or the end of an alternative.

    ======  =======================================  ==========================  =================
    edge    where                                    what is written there       an anchor there
    ======  =======================================  ==========================  =================
    OPEN    the edge of the pattern                  any text                    makes it SHUT
    SHUT    the edge of the pattern, at an anchor    nothing                     changes nothing
    INNER   the alternative stands between others    nothing: others are there   is refused
    ======  =======================================  ==========================  =================
    """

    OPEN = "any text"
    SHUT = "nothing"
    INNER = "more of the pattern"


_START, _END = Anchor("^"), Anchor("$")
_SHORT_QUANTIFIERS = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}


@lru_cache(maxsize=512)
def pattern_terminal(pattern: str) -> str:
    """Return the body of a terminal for the JSON strings in which `pattern` is found.

    Raises:
        UnsupportedRegex: it is not certain what the pattern matches, or the terminal is too long.
    """
    text = _disjunction(parse_regex(pattern), Edge.OPEN, Edge.OPEN)
    if len(text) > _MAX_LENGTH:
        raise UnsupportedRegex("it is too long")
    return f'/"(?:{text})"/'


def _disjunction(disjunction: Disjunction, before: Edge, after: Edge) -> str:
    return "|".join(_alternative(each, before, after) for each in disjunction.alternatives)


def _alternative(terms: Alternative, before: Edge, after: Edge) -> str:
    while terms and terms[0] == _START and before is not Edge.INNER:
        terms, before = terms[1:], Edge.SHUT
    while terms and terms[-1] == _END and after is not Edge.INNER:
        terms, after = terms[:-1], Edge.SHUT
    if len(terms) == 1 and _has_anchor(terms[0]):
        return _group(terms[0], before, after)
    # A group with anchors in it writes its own edge; only the other terms are written one by one.
    head = terms[0] if terms and _has_anchor(terms[0]) else None
    tail = terms[-1] if terms and _has_anchor(terms[-1]) else None
    middle = terms[head is not None : len(terms) - (tail is not None)]
    start = _group(head, before, Edge.INNER) if head else _ANY_TEXT * (before is Edge.OPEN)
    end = _group(tail, Edge.INNER, after) if tail else _ANY_TEXT * (after is Edge.OPEN)
    return start + "".join(map(_term, middle)) + end


def _group(term: Term, before: Edge, after: Edge) -> str:
    if not isinstance(term, Disjunction):
        raise UnsupportedRegex("an anchor where none is expected")
    return f"(?:{_disjunction(term, before, after)})"


def _term(term: Term) -> str:
    match term:
        case CharacterClass(characters):
            if not characters:
                raise UnsupportedRegex("a class of nothing")
            return string_regex(characters)
        case Repetition(inner, low, high):
            text = _term(inner)
            quantifier = f"{{{low},{'' if high is None else high}}}"
            return f"(?:{text}){_SHORT_QUANTIFIERS.get(quantifier, quantifier)}"
        case Disjunction() if not _has_anchor(term):
            return f"(?:{_disjunction(term, Edge.INNER, Edge.INNER)})"
        case _:
            raise UnsupportedRegex("an anchor in the middle")


def _has_anchor(term: Term) -> bool:
    match term:
        case Anchor():
            return True
        case Repetition(inner):
            return _has_anchor(inner)
        case Disjunction(alternatives):
            return any(_has_anchor(each) for terms in alternatives for each in terms)
        case _:
            return False

"""Objects in the grammar's words."""

from itertools import permutations

import pytest

from strictgate.core.grammar import object_rules
from strictgate.core.grammar.conjunction import ConjunctionBuilder
from strictgate.core.grammar.context import Context
from strictgate.core.grammar.object_rules import MAX_BITS, ObjectMembers
from strictgate.core.schema.schema import admit
from tests.core.grammar.reader import Reader


def made(members):
    """Return the expression, the reader of it if there is one, and the unsupported keywords."""
    context = Context(
        ConjunctionBuilder(admit({}, name="x").inspected), True, lambda conjunction: None
    )
    expression = object_rules.members_expression(context, members)
    reader = Reader(context.rules.grammar_text(expression)) if expression else None
    return expression, reader, context.unsupported_keywords


def member(name):
    return f'"\\"{name}\\""', "NUM"


def document(names):
    return "{" + ",".join(f'"{name}":1' for name in names) + "}"


def test_every_order_is_read():
    """Each declared member once, and all that are required."""
    _, reader, _ = made(ObjectMembers((member("a"), member("b")), (member("c"),)))
    for names in [*permutations("ab"), *permutations("abc")]:
        assert reader.accepts(document(names))
    for names in ["a", "ac", "aba", "abb", "abcc", ""]:
        assert not reader.accepts(document(names))


@pytest.mark.parametrize(("low", "high"), [(0, None), (1, None), (2, 3), (3, 4), (0, 2), (4, 4)])
def test_members_are_counted(low, high):
    """Those that are declared and those that are not, in any order."""
    _, reader, unsupported = made(
        ObjectMembers((member("a"),), (member("b"),), ('/"[xyz]"/ CO NUM',), low, high)
    )
    assert not unsupported
    for names in ["a", "ab", "ba", "xa", "axy", "xby", "abxy", "xyza", "xyzab", "bxyza"]:
        fits = "a" in names and low <= len(names) and (high is None or len(names) <= high)
        assert reader.accepts(document(names)) is fits, names


def test_too_many_to_count_is_late():
    """There are 60 bits."""
    optional = tuple(member(f"p{index}") for index in range(MAX_BITS))
    _, reader, unsupported = made(ObjectMembers((), optional, ("STR CO NUM",), 2, 3))
    assert unsupported == {"minProperties", "maxProperties"}
    assert reader.accepts("{}")


@pytest.mark.parametrize(
    "members",
    [
        ObjectMembers((member("a"), member("b")), (), (), 0, 1),
        ObjectMembers((), (member("a"),), (), 2),
        ObjectMembers((), (), (), 1),
        ObjectMembers((), (), ("STR CO NUM",), 3, 2),
    ],
)
def test_impossible_counts(members):
    """No object has them."""
    assert made(members)[0] is None


def test_long_objects_are_read():
    """Many members that are not declared, beside some that are."""
    _, reader, _ = made(ObjectMembers((member("a"),), (member("b"),), ('/"x[0-9]*"/ CO NUM',)))
    assert reader.accepts(document(["b", *(f"x{index}" for index in range(300)), "a"]))

"""Whether a member is forbidden by its name."""

from typing import Any

from strictgate.core.guard.guard import Guard
from strictgate.core.guard.repairs import forbidden_members, tokens
from strictgate.core.guard.repairs.tokens import MisspeltMember
from strictgate.core.guard.repairs.violation import Violation
from strictgate.core.schema.problems import Problem
from strictgate.core.schema.schema import admit


def forbidden(name: str) -> Problem:
    return Problem((), (), "AdditionalProperties", [name], "")


def wrong(kind: str, *path: str) -> Problem:
    return Problem(path, (), kind, ["null"], "")


def union(*branches: tuple[Problem, ...]) -> Problem:
    return Problem((), (), "AnyOf", None, "", branches)


def test_a_union_forbids_where_all_branches_do():
    """Or where a constant, or the type of the whole, shows that a branch is not meant."""
    other = (wrong("Required"),)
    assert forbidden_members.forbids([union((forbidden("x"),), (forbidden("x"),))], (), "x")
    assert forbidden_members.forbids(
        [union((forbidden("x"),), (wrong("Constant", "kind"),))], (), "x"
    )
    assert forbidden_members.forbids([union((forbidden("x"),), (wrong("Type"),))], (), "x")
    assert not forbidden_members.forbids([union((forbidden("x"),), other)], (), "x")
    assert not forbidden_members.forbids([union((wrong("Type"),), (wrong("Type"),))], (), "x")
    assert not forbidden_members.forbids([forbidden("y")], (), "x")
    assert not forbidden_members.forbids([forbidden("x")], ("o",), "x")


def is_forbidden(schema: Any, text: str, path: tuple[str | int, ...], name: str) -> bool:
    guard = Guard(admit(schema, name="x"), None)
    raw = text.encode()
    violation = Violation(guard, raw[guard.consume(raw) :] + b"?", final=True, floor=0)
    member = tokens.member(f"{name}: 1}}", 0, final=True)
    assert isinstance(member, MisspeltMember)
    return forbidden_members.is_forbidden(violation, path, name, member)


def test_the_validator_says_so_of_the_place():
    """Where items have schemas of their own, it is that of the item."""
    closed = {"properties": {"a": {}}, "additionalProperties": False}
    schema = {"properties": {"l": {"prefixItems": [{}, closed], "items": closed}}}
    assert not is_forbidden(schema, '{"l": [{', ("l", 0), "x")
    assert is_forbidden(schema, '{"l": [{}, {', ("l", 1), "x")
    assert is_forbidden(schema, '{"l": [{}, {}, {}, {', ("l", 3), "x")
    assert not is_forbidden(schema, '{"l": [{}, {', ("l", 1), "a")

"""Objects in the grammar's words: members in any order, each declared one once.

A rule of llguidance has a parameter of 64 bits. Each declared member has a bit, which it sets; a
member whose bit is set cannot come again, and the object can end only when the bits of all that are
required are set, which are the lowest. Where members must be counted and some are not declared,
further bits count these, one by one. Rules are materialised as a document is read, so that there is
no price for the orders that it does not have.

An object that declares nothing is a plain repetition, which costs less.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from strictgate.core.grammar import lark
from strictgate.core.grammar.context import Context

MAX_BITS = 60
Member = tuple[str, str]
"""What matches its name, and its value."""


@dataclass(frozen=True, slots=True)
class ObjectMembers:
    """What an object is made of."""

    required: tuple[Member, ...]
    optional: tuple[Member, ...]
    free: tuple[str, ...] = ()
    """What matches those with other names, which may come any number of times."""
    low: int = 0
    high: int | None = None

    @property
    def declared(self) -> tuple[Member, ...]:
        return self.required + self.optional


def expression(context: Context, members: ObjectMembers) -> str | None:
    """Return the objects of `members`; None if there is none."""
    members = _countable(context, members)
    if members.high is not None and max(members.low, len(members.required)) > members.high:
        return None
    if not members.declared:
        return _map(context, members)
    if not members.free and members.low > len(members.declared):
        return None
    if members not in context.objects:
        context.objects[members] = _parametric(context, members)
    return context.objects[members]


def _countable(context: Context, members: ObjectMembers) -> ObjectMembers:
    """Leave out bounds that say nothing, or that there are not enough bits for."""
    declared, low, high = len(members.declared), members.low, members.high
    if low <= len(members.required):
        low = 0
    if high is not None and not members.free and high >= declared:
        high = None
    if declared:
        if low and declared + _counters(members, low, None) > MAX_BITS:
            context.unsupported_keywords.add("minProperties")
            low = 0
        if high is not None and declared + _counters(members, low, high) > MAX_BITS:
            context.unsupported_keywords.add("maxProperties")
            high = None
    if len(members.required) > MAX_BITS:
        context.unsupported_keywords.add("required")
    return ObjectMembers(members.required, members.optional, members.free, low, high)


def _counters(members: ObjectMembers, low: int, high: int | None) -> int:
    """Return how many bits it takes to count the members that are not declared."""
    return max(low, high or 0) if members.free else 0


def _map(context: Context, members: ObjectMembers) -> str | None:
    if not members.free or members.high == 0:
        return None if members.low else "LB RB"
    member = context.rules.rule(list(members.free))
    low, high = max(members.low - 1, 0), "" if members.high is None else members.high - 1
    more = "" if high == 0 else "*" if (low, high) == (0, "") else f"{{{low},{high}}}"
    body = f"{member} (CM {member}){more}" if more else member
    return f"LB {body} RB" if members.low else f"LB ({body})? RB"


def _parametric(context: Context, members: ObjectMembers) -> str:
    """Add three rules: the first member or none, one member, the end or a further member.

    They are entered by one rule without a parameter, the last: llguidance 1.9 panics where a
    recursion leads back to a rule with a parameter that has not come to its end.
    """
    rules = context.rules
    start, member, more = rules.reserve(), rules.reserve(), rules.reserve()
    end = _when(_ends(members))
    rules.define(f"{start}::_", f'""{end} | {member}::_')
    rules.define(f"{member}::_", " | ".join(_options(context, members, more)))
    room = _when(_room(members))
    rules.define(f"{more}::_", f'""{end} | CM {member}::_{room}')
    return rules.rule([f"LB {start}::0 RB"])


def _ends(members: ObjectMembers) -> Iterator[str]:
    """Yield the conditions under which the object may end."""
    required = min(len(members.required), MAX_BITS)
    if required:
        yield f"is_ones([0:{required}])"
    if members.low:
        yield f"bit_count_ge({_counted(members)}, {members.low})"


def _room(members: ObjectMembers) -> Iterator[str]:
    """Yield the condition under which a further member may follow: a comma must lead on."""
    most = None if members.free else len(members.declared)
    if most is not None and most > MAX_BITS:
        most = None
    limits = [each for each in (most, members.high) if each is not None]
    if limits:
        yield f"bit_count_lt({_counted(members)}, {min(limits)})"


def _options(context: Context, members: ObjectMembers, more: str) -> Iterator[str]:
    room = [] if members.high is None else [f"bit_count_lt({_counted(members)}, {members.high})"]
    for bit, (name, value) in enumerate(members.declared[:MAX_BITS]):
        condition = _when([f"bit_clear({bit})", *room])
        yield f"{name} CO {value} {more}::set_bit({bit}){condition}"
    for value, names in _without_bit(members).items():
        name = context.rules.terminal(lark.either(names))
        yield f"{name} CO {value} {more}::_"
    if members.free:
        free = context.rules.rule(list(members.free))
        yield from (f"{free} {more}{step}" for step in _steps(members, room))


def _without_bit(members: ObjectMembers) -> dict[str, list[str]]:
    """Return the names of members that there is no bit for, by their values.

    One terminal for many names spares the lexer to follow each of them at every byte. That such a
    member comes twice is seen by whoever reads the JSON.
    """
    names: dict[str, list[str]] = {}
    for name, value in members.declared[MAX_BITS:]:
        names.setdefault(value, []).append(name)
    return names


def _steps(members: ObjectMembers, room: list[str]) -> Iterator[str]:
    """Yield what a member that is not declared does to the bits: the next counter is set."""
    first = len(members.declared)
    counters = _counters(members, members.low, members.high)
    for bit in range(first, first + counters):
        before = [f"bit_set({bit - 1})"] if bit > first else []
        yield f"::set_bit({bit}){_when([*before, f'bit_clear({bit})', *room])}"
    if members.high is None:
        yield f"::_{_when([f'bit_set({first + counters - 1})'] if counters else [])}"


def _counted(members: ObjectMembers) -> str:
    counters = _counters(members, members.low, members.high)
    return f"[0:{len(members.declared) + counters}]"


def _when(conditions: Iterator[str] | list[str]) -> str:
    """Return a condition that is met where all of `conditions` are."""
    joined = ""
    for condition in reversed(list(conditions)):
        joined = f"and({condition}, {joined})" if joined else condition
    return f" %if {joined}" if joined else ""

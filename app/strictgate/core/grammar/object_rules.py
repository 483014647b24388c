"""The grammar rules of an object: members in any order, each declared one at most once.

llguidance's own JSON Schema compiler fixes the order of the members, which models do not keep. The
rules here use its parametric rules
(https://github.com/guidance-ai/llguidance/blob/main/docs/parametric.md): a rule has a parameter of
64 bits. Each declared member has a bit, which it sets. A member whose bit is set cannot come again,
and the object can end only when the bits of all required members are set; these are the lowest
bits, so that one condition (`is_ones`) covers them. Where members are counted and some are
undeclared, further bits count those, one bit for each.

llguidance makes an instance of a rule for each value of the parameter only when the document needs
it. So there is no price for the orders that do not occur.

Parametric rules are right-recursive, and the work for one object grows with more than the square of
its members. So members that no bit tells apart are a plain repetition: in an object that declares
none, all of them, and else each run of undeclared ones.
"""

from collections.abc import Iterable, Iterator

from strictgate.core.grammar import lark
from strictgate.core.grammar.context import Context
from strictgate.core.value_type import value_type

MAX_BITS = 60
Member = tuple[str, str]
"""The expressions for the name and for the value."""


@value_type
class ObjectMembers:
    """What an object may consist of, in expressions."""

    required: tuple[Member, ...]
    optional: tuple[Member, ...]
    undeclared: tuple[str, ...] = ()
    """Whole members with other names. They may come any number of times."""
    low: int = 0
    """The least number of members."""
    high: int | None = None
    """The greatest number of members; None is without limit."""

    @property
    def declared(self) -> tuple[Member, ...]:
        """The declared members in the order of their bits; those beyond MAX_BITS have none."""
        return self.required + self.optional


def members_expression(context: Context, members: ObjectMembers) -> str | None:
    """Return the expression for objects with these members; None if there can be none."""
    members = _countable(context, members)
    if members.high is not None and max(members.low, len(members.required)) > members.high:
        return None
    if not members.declared:
        return _repetition(context, members)
    if not members.undeclared and members.low > len(members.declared):
        return None
    if members not in context.object_expressions:
        context.object_expressions[members] = _parametric(context, members)
    return context.object_expressions[members]


def _countable(context: Context, members: ObjectMembers) -> ObjectMembers:
    """Leave out counts that follow from the rest, and those that there are too few bits for."""
    declared, low, high = len(members.declared), members.low, members.high
    if low <= len(members.required):
        low = 0
    if high is not None and not members.undeclared and high >= declared:
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
    return ObjectMembers(members.required, members.optional, members.undeclared, low, high)


def _counters(members: ObjectMembers, low: int, high: int | None) -> int:
    """Return how many bits it takes to count the undeclared members."""
    return max(low, high or 0) if members.undeclared else 0


def _repetition(context: Context, members: ObjectMembers) -> str | None:
    """Return the expression for an object that declares no member."""
    if not members.undeclared or members.high == 0:
        return None if members.low else "LB RB"
    member = context.rules.rule(list(members.undeclared))
    low, high = max(members.low - 1, 0), "" if members.high is None else members.high - 1
    # After the first member. Lark does not take `{0,0}`.
    more = "" if high == 0 else "*" if (low, high) == (0, "") else f"{{{low},{high}}}"
    body = f"{member} (CM {member}){more}" if more else member
    return f"LB {body} RB" if members.low else f"LB ({body})? RB"


def _parametric(context: Context, members: ObjectMembers) -> str:
    """Add the rules of an object with declared members; return the expression for it.

    ========  ==================================================================
    rule      matches, with the bits of the members so far in its parameter
    ========  ==================================================================
    `start`   the end of the object, or a first `member`
    `member`  one member that may still come, then `more` with its bit set
    `more`    the end of the object, or a comma and a further `member`
    ========  ==================================================================

    Where undeclared members are not counted, a `member` is a `declared` one, or a whole run of
    undeclared ones and then `behind`: the end of the object, or a comma and a `declared` member.
    """
    rules = context.rules
    start, member, more = rules.reserve_name(), rules.reserve_name(), rules.reserve_name()
    end = _when(_end_conditions(members))
    rules.define(f"{start}::_", f'""{end} | {member}::_')
    declared = list(_declared_alternatives(context, members, more))
    if members.undeclared and not _counters(members, members.low, members.high):
        declared_rule, behind = rules.reserve_name(), rules.reserve_name()
        rules.define(f"{declared_rule}::_", " | ".join(declared))
        rules.define(f"{behind}::_", f'""{end} | CM {declared_rule}::_')
        other = rules.rule(list(members.undeclared))
        run = rules.rule([f"{other} (CM {other})*"])
        rules.define(f"{member}::_", f"{declared_rule}::_ | {run} {behind}::_")
    else:
        counted = _counted_alternatives(context, members, more)
        rules.define(f"{member}::_", " | ".join([*declared, *counted]))
    room = _when(_room_conditions(members))
    rules.define(f"{more}::_", f'""{end} | CM {member}::_{room}')
    # The three are entered by a rule without a parameter. llguidance 1.9 panics where a recursion
    # leads back to a rule with a parameter that has not come to its end.
    return rules.rule([f"LB {start}::0 RB"])


def _end_conditions(members: ObjectMembers) -> Iterator[str]:
    """Yield the conditions under which the object may end."""
    required = min(len(members.required), MAX_BITS)
    if required:
        yield f"is_ones([0:{required}])"
    if members.low:
        yield f"bit_count_ge({_all_bits(members)}, {members.low})"


def _room_conditions(members: ObjectMembers) -> Iterator[str]:
    """Yield the condition under which a further member may follow.

    `member` has the same conditions, but a comma after which none can follow would be seen one
    byte late.
    """
    most = None if members.undeclared else len(members.declared)
    if most is not None and most > MAX_BITS:
        most = None
    limits = [each for each in (most, members.high) if each is not None]
    if limits:
        yield f"bit_count_lt({_all_bits(members)}, {min(limits)})"


def _declared_alternatives(context: Context, members: ObjectMembers, more: str) -> Iterator[str]:
    """Yield the alternatives for one declared member."""
    limit = _limit(members)
    for bit, (name, value) in enumerate(members.declared[:MAX_BITS]):
        condition = _when([f"bit_clear({bit})", *limit])
        yield f"{name} CO {value} {more}::set_bit({bit}){condition}"
    # Members that there is no bit for. One terminal for all names with the same value spares the
    # lexer from following each name at every byte. That such a member comes twice is refused by
    # the reader of the JSON text.
    names: dict[str, list[str]] = {}
    for name, value in members.declared[MAX_BITS:]:
        names.setdefault(value, []).append(name)
    for value, same in names.items():
        name = context.rules.terminal(lark.alternation(same))
        yield f"{name} CO {value} {more}::_"


def _counted_alternatives(context: Context, members: ObjectMembers, more: str) -> Iterator[str]:
    """Yield the alternatives for one undeclared member where these are counted."""
    if members.undeclared:
        undeclared = context.rules.rule(list(members.undeclared))
        steps = _counting_steps(members, _limit(members))
        yield from (f"{undeclared} {more}{step}" for step in steps)


def _limit(members: ObjectMembers) -> list[str]:
    """Return the condition under which one more member may come."""
    return [] if members.high is None else [f"bit_count_lt({_all_bits(members)}, {members.high})"]


def _counting_steps(members: ObjectMembers, limit: list[str]) -> Iterator[str]:
    """Yield what an undeclared member does to the parameter: it sets the next counter.

    Where only a least number is wanted, further members leave the full counters as they are.
    """
    first = len(members.declared)
    counters = _counters(members, members.low, members.high)
    for bit in range(first, first + counters):
        before = [f"bit_set({bit - 1})"] if bit > first else []
        yield f"::set_bit({bit}){_when([*before, f'bit_clear({bit})', *limit])}"
    if members.high is None:
        yield f"::_{_when([f'bit_set({first + counters - 1})'] if counters else [])}"


def _all_bits(members: ObjectMembers) -> str:
    """Return the range of all bits; the number of those that are set is that of the members."""
    counters = _counters(members, members.low, members.high)
    return f"[0:{len(members.declared) + counters}]"


def _when(conditions: Iterable[str]) -> str:
    """Return the suffix of an alternative that holds under all conditions; "" if there are none."""
    joined = ""
    for condition in reversed(list(conditions)):
        joined = f"and({condition}, {joined})" if joined else condition
    return f" %if {joined}" if joined else ""

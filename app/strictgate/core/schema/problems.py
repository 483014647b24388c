"""What is wrong with a value, as data and as messages.

The messages are those of the Go library `santhosh-tekuri/jsonschema`, which Groq's errors quote:
`jsonschema: '/choice' does not validate with /properties/choice/enum: value must be "angry"`.
Each kind of error that the validator has is one line of `MESSAGES`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import json_type, write_json
from strictgate.core.schema.drafts import SCHEMA_KEYWORDS, Holds
from strictgate.core.value_type import value_type

MAX_SENTENCE = 2048
"""Characters: a wrong value of 5 MB must not make a message of 5 MB."""
_MAX_SHOWN = 400
"""Characters of a value, or of a pattern, that a message shows."""
_MAX_LISTED = 50
"""Names or options that a message lists."""
_MAX_PATHS = 64
"""Paths that one path of the validator may stand for, of which so many are looked at."""
_MAX_UNIONS = 24
"""Levels of unions inside each other whose branches are reported."""
_NO_VALUE = "no value is allowed here"


@value_type
class Problem:
    """One violated keyword."""

    path: Path
    """Where in the value."""
    schema_path: Path
    """Where in the schema, with the keyword last."""
    kind: str
    """The kind of error, as MESSAGES names it: `Type`, `Enum`, `Required`, …"""
    expected: Any
    """What the keyword allows: a limit, or a list of options, of names or of types."""
    message: str
    """What is wrong, in Groq's words: `value must be "angry"`."""
    branches: tuple[tuple["Problem", ...], ...] = ()
    """For `anyOf` and `oneOf`, the problems with each branch."""

    @property
    def keyword(self) -> str:
        """The violated keyword; "" for the schema `false`."""
        return str(self.schema_path[-1]) if self.schema_path else ""

    @property
    def sentence(self) -> str:
        """The end of Groq's message, which says where and what is wrong."""
        where, what = pointer(self.path), pointer(self.schema_path) or "/"
        text = f"jsonschema: '{where}' does not validate with {what}: {self.message}"
        return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"


def collect_problems(
    errors: Iterable[ValidationError], value: Any, limit: int
) -> tuple[Problem, ...]:
    """Turn the validator's errors into at most `limit` problems, the most helpful first.

    Each branch of a union has at most `limit` problems as well. All missing properties of an object
    are one problem, as in Groq's messages.

    Args:
        errors: what the validator yields, which is read only as far as needed.
        value: the whole value that they are about.
        limit: the greatest number of problems.
    """
    found: dict[tuple[str, Path, Path], Problem] = {}
    missing: dict[tuple[str, Path, Path], list[str]] = {}
    for error in errors:
        problem = _problem(error, value, limit)
        key = (problem.kind, problem.path, problem.schema_path)
        if problem.kind == "Required" and key in found:
            missing.setdefault(key, list(found[key].expected)).extend(problem.expected)
            continue
        if key not in found and len(found) >= limit:
            break
        found[key] = problem
    for key, names in missing.items():
        message = f"missing properties: {_names(names)}"
        found[key] = replace(found[key], expected=names, message=message)
    return tuple(sorted(found.values(), key=_relevance))


def first_problems(found: Sequence[Problem], limit: int) -> tuple[Problem, ...]:
    """Return the first `limit` problems, with as many in each branch of a union."""
    return tuple(
        replace(each, branches=tuple(first_problems(branch, limit) for branch in each.branches))
        if each.branches
        else each
        for each in found[:limit]
    )


UNEXPLAINED = Problem((), (), "Unexplained", None, "no explanation in bearable time")
"""The one problem of a value that would take too long to explain: see explanation_cost.py."""


def most_specific(problem: Problem) -> Problem:
    """Return the problem that says most: for a union, one of the branch that came closest.

    The branch that came closest is the one whose first problem is deepest in the value; of several,
    the one with the fewest problems.
    """
    while any(problem.branches):
        branches = [branch for branch in problem.branches if branch]
        closest = max(branches, key=lambda branch: (len(branch[0].path), -len(branch)))
        problem = closest[0]
    return problem


def _relevance(problem: Problem) -> tuple[int, bool]:
    """Return a key to sort problems by, the most helpful first.

    A shallow problem explains those below it. A failed union explains least of its level.
    """
    return len(problem.path), bool(problem.branches)


def _problem(error: ValidationError, root: Any, limit: int, unions: int = 0) -> Problem:
    """Turn one error about the value `root` into a problem; `unions` is how many it stands in."""
    kind = type(error.kind).__name__
    path, value = locate_error(root, error)
    schema_path = tuple(error.schema_path)
    if kind == "FalseSchema" and _last_keyword(schema_path) == "additionalProperties":
        kind = "AdditionalProperties"
    expected, message = MESSAGES[kind](error.kind, value)
    if kind == "Custom":  # of patterns.PatternKeyword
        kind = "Pattern"
    branches = []
    for errors in getattr(error.kind, "context", ()) if unions < _MAX_UNIONS else ():
        problems = [_problem(each, root, limit, unions + 1) for each in islice(errors, limit)]
        branches.append(tuple(sorted(problems, key=_relevance)))
    return Problem(path, schema_path, kind, expected, message, tuple(branches))


def _last_keyword(schema_path: Path) -> str | int | None:
    """Return the last step; None if it is a name, of a property or of a definition."""
    is_name, last = False, None
    for step in schema_path:
        last = None if is_name else step
        place = SCHEMA_KEYWORDS.get(str(last))
        is_name = place is not None and place.holds is Holds.NAMED
    return last


def locate_error(root: Any, error: ValidationError) -> tuple[Path, Any]:
    """Return the path in `root` that the error is about, and the value there.

    The validator gives the property names "1", "01" and "+1" all as the number 1, and leaves out
    the name "". So its path may stand for several paths, and all of them are followed. Of those
    that lead somewhere, the one to the value that the error carries is taken.
    """
    steps = error.instance_path
    unambiguous = _only_path(root, steps)
    if unambiguous is not None:
        return unambiguous
    found = list(islice(_possible_paths(root, steps), _MAX_PATHS))
    if len(found) > 1:
        instance = error.instance
        found = [each for each in found if each[1] == instance] or found
    return found[0] if found else ((), root)


def _only_path(root: Any, steps: list[str | int]) -> tuple[Path, Any] | None:
    """Return the path that `steps` stand for, with the value there; None if there may be several.

    Nearly all errors have only one, and this is much quicker than to try all.
    """
    value = root
    for step in steps:
        if isinstance(value, list):
            if not isinstance(step, int) or step >= len(value):
                return None
        elif not isinstance(value, dict) or "" in value or step not in value:
            return None
        value = value[step]
    return None if isinstance(value, dict) and "" in value else (tuple(steps), value)


def _possible_paths(value: Any, steps: list[str | int]) -> Iterator[tuple[Path, Any]]:
    """Yield each path that `steps` may stand for, and the value there."""
    if not steps:
        yield (), value
    for name in _possible_names(value, steps):
        rest = steps if name == "" else steps[1:]
        for path, part in _possible_paths(value[name], rest):
            yield (name, *path), part


def _possible_names(value: Any, steps: list[str | int]) -> Iterator[str | int]:
    """Yield the names or indices in `value` that the path may go on with."""
    step = steps[0] if steps else None
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        yield step
    if not isinstance(value, dict):
        return
    if isinstance(step, int):
        digits = str(step).lstrip("0")
        yield from (name for name in value if name and name.lstrip("+").lstrip("0") == digits)
    elif step is not None and step in value:
        yield step
    if "" in value:
        yield ""


# --- messages ------------------------------------------------------------------------------------

MessageMaker = Callable[[Any, Any], tuple[Any, str]]
"""A function from the validator's error kind, and from the value that is wrong, to what the keyword
allows and to the message."""


def _json(value: Any) -> str:
    """Return the JSON text of a value, cut if it is long."""
    text = write_json(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _names(names: Iterable[Any]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _type(kind: Any, value: Any) -> tuple[Any, str]:
    return kind.types, f"expected {' or '.join(kind.types)}, but got {json_type(value)}"


def _enum(kind: Any, _: Any) -> tuple[Any, str]:
    options = [_json(option) for option in kind.options]
    if not options:
        return [], _NO_VALUE
    shown = ", ".join(options[:_MAX_LISTED])
    if len(options) > _MAX_LISTED:
        shown += f", … ({len(options)} in all)"
    return kind.options, f"value must be {'one of ' if len(options) > 1 else ''}{shown}"


def _not(kind: Any, _: Any) -> tuple[Any, str]:
    return None, _NO_VALUE if kind.schema in ({}, True) else "not failed"


def _const(kind: Any, _: Any) -> tuple[Any, str]:
    return [kind.expected_value], f"value must be {_json(kind.expected_value)}"


def _required(kind: Any, _: Any) -> tuple[Any, str]:
    return [kind.property], f"missing properties: '{kind.property}'"


def _additional(kind: Any, value: Any) -> tuple[Any, str]:
    names = list(getattr(kind, "unexpected", value))
    return names, f"additionalProperties {_names(names[:_MAX_LISTED])} not allowed"


def _unevaluated(kind: Any, _: Any) -> tuple[Any, str]:
    return kind.unexpected, f"{kind.name} {_names(kind.unexpected[:_MAX_LISTED])} not allowed"


def _length(kind: Any, value: Any) -> tuple[Any, str]:
    return kind.limit, f"got {len(value)}, want {kind.limit}"


def _limit(sign: str) -> MessageMaker:
    return lambda kind, value: (kind.limit, f"must be {sign} {kind.limit} but found {_json(value)}")


def _fixed(message: str) -> MessageMaker:
    return lambda kind, value: (None, message)


def _pattern(pattern: str, value: Any) -> tuple[Any, str]:
    return pattern, f"{_json(value)} does not match pattern '{pattern[:_MAX_SHOWN]}'"


def _property_names(kind: Any, _: Any) -> tuple[Any, str]:
    return None, f"propertyNames: {kind.error.message[:_MAX_SHOWN]}"


MESSAGES: dict[str, MessageMaker] = {
    "AdditionalItems": lambda kind, value: (
        kind.limit,
        f"only {kind.limit} items are allowed, but found {len(value)} items",
    ),
    "AdditionalProperties": _additional,
    "AnyOf": _fixed("anyOf failed"),
    "Constant": _const,
    "Custom": lambda kind, value: _pattern(kind.message, value),
    "Contains": _fixed("contains failed: too few or too many matching items"),
    "ContentEncoding": _fixed("contentEncoding failed"),
    "ContentMediaType": _fixed("contentMediaType failed"),
    "Enum": _enum,
    "ExclusiveMaximum": _limit("<"),
    "ExclusiveMinimum": _limit(">"),
    "FalseSchema": _fixed(_NO_VALUE),
    "Format": lambda kind, value: (kind.format, f"{_json(value)} is not valid '{kind.format}'"),
    "MaxItems": _length,
    "MaxLength": _length,
    "MaxProperties": _length,
    "Maximum": _limit("<="),
    "MinItems": _length,
    "MinLength": _length,
    "MinProperties": _length,
    "Minimum": _limit(">="),
    "MultipleOf": lambda kind, value: (
        kind.multiple_of,
        f"{_json(value)} not multipleOf {kind.multiple_of}",
    ),
    "Not": _not,
    "OneOfMultipleValid": _fixed("oneOf failed: valid against more than one of the schemas"),
    "OneOfNotValid": _fixed("oneOf failed"),
    "Pattern": lambda kind, value: _pattern(kind.pattern, value),
    "PropertyNames": _property_names,
    "Required": _required,
    "Type": _type,
    "UnevaluatedItems": _unevaluated,
    "UnevaluatedProperties": _unevaluated,
    "UniqueItems": _fixed("items are not unique"),
}

"""What is wrong with a value, as data; and in Groq's words.

The words are those of the Go library `santhosh-tekuri/jsonschema`, which Groq's errors quote:
`jsonschema: '/choice' does not validate with /properties/choice/enum: value must be "angry"`.
Each kind of failure has one line in `WORDS`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from strictgate.core.jsontext.pointer import Path, pointer
from strictgate.core.jsontext.reader import json_type, write_json
from strictgate.core.schema.drafts import SCHEMA_KEYWORDS, Holds

MAX_SENTENCE = 2048  # characters: a wrong value of 5 MB must not make a message of 5 MB
_MAX_WORD = 400
_MAX_MEANINGS = 64  # of one path, that are looked at
_MAX_UNIONS = 24  # inside each other, that are told of
_NOTHING = "no value is allowed here"


@dataclass(frozen=True, slots=True)
class Problem:
    """One violated keyword."""

    path: Path
    """Where in the value."""
    schema_path: Path
    """Where in the schema, with the keyword last."""
    kind: str
    """What is violated, as WORDS names it: `Type`, `Enum`, `Required`, …"""
    expected: Any
    """What was wanted: a limit, a list of options, of names or of types."""
    message: str
    """In Groq's words."""
    branches: tuple[tuple["Problem", ...], ...] = ()
    """For `anyOf` and `oneOf`: why each branch failed."""

    @property
    def keyword(self) -> str:
        """The violated keyword."""
        return str(self.schema_path[-1]) if self.schema_path else ""

    @property
    def sentence(self) -> str:
        """The tail of Groq's message."""
        where, what = pointer(self.path), pointer(self.schema_path) or "/"
        text = f"jsonschema: '{where}' does not validate with {what}: {self.message}"
        return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"


def collect_problems(
    errors: Iterable[ValidationError], value: Any, limit: int
) -> tuple[Problem, ...]:
    """Turn the validator's errors about `value` into at most `limit` problems, best first.

    A branch of a union tells at most `limit` as well. Missing properties of one object are one
    problem, as in Groq's messages.
    """
    found: dict[tuple[str, Path, Path], Problem] = {}
    for error in errors:
        problem = _problem(error, value, limit)
        key = (problem.kind, problem.path, problem.schema_path)
        if problem.kind == "Required" and key in found:
            problem = _missing(problem, found[key].expected + problem.expected)
        if key not in found and len(found) >= limit:
            break
        found[key] = problem
    return tuple(sorted(found.values(), key=_relevance))


UNEXPLAINED = Problem((), (), "Unexplained", None, "no explanation in bearable time")
"""Stands for all problems of a value that would take too long to explain: see effort.py."""


def most_specific(problem: Problem) -> Problem:
    """Return the problem that says most: for `anyOf`, one of the branch that came closest."""
    while any(problem.branches):
        branches = [branch for branch in problem.branches if branch]
        closest = max(branches, key=lambda branch: (len(branch[0].path), -len(branch)))
        problem = closest[0]
    return problem


def _relevance(problem: Problem) -> tuple[int, bool]:
    """Shallow first, for it explains the deep; a failed union last, for it explains least."""
    return len(problem.path), bool(problem.branches)


def _problem(error: ValidationError, root: Any, limit: int, unions: int = 0) -> Problem:
    kind = type(error.kind).__name__
    path, value = locate_error(root, error)
    schema_path = tuple(error.schema_path)
    if kind == "FalseSchema" and _last_keyword(schema_path) == "additionalProperties":
        kind = "AdditionalProperties"
    expected, message = WORDS[kind](error.kind, value)
    kind = _RENAMED.get(kind, kind)
    context = getattr(error.kind, "context", ()) if unions < _MAX_UNIONS else ()
    branches = tuple(
        tuple(sorted(_told(branch, root, limit, unions + 1), key=_relevance)) for branch in context
    )
    return Problem(path, schema_path, kind, expected, message, branches)


def _told(
    branch: Iterable[ValidationError], root: Any, limit: int, unions: int
) -> Iterator[Problem]:
    return (_problem(error, root, limit, unions) for error in islice(branch, limit))


def _last_keyword(schema_path: Path) -> str | int | None:
    """Return the last step, unless it is a name: of a property, of a definition."""
    is_name, last = False, None
    for step in schema_path:
        last = None if is_name else step
        place = SCHEMA_KEYWORDS.get(str(last))
        is_name = place is not None and place.holds is Holds.NAMED
    return last


def locate_error(root: Any, error: ValidationError) -> tuple[Path, Any]:
    """Return where in `root` the error is, and what is there.

    The validator gives the names "1", "01" and "+1" all as 1, and leaves out the name "". So every
    path that its steps may mean is followed; among several, the one that leads to what the error
    says it is about.
    """
    steps = error.instance_path
    plain = _plainly(root, steps)
    if plain is not None:
        return plain
    found = list(islice(_meant(root, steps), _MAX_MEANINGS))
    if len(found) > 1:
        instance = error.instance
        found = [each for each in found if each[1] == instance] or found
    return found[0] if found else ((), root)


def _plainly(root: Any, steps: list[str | int]) -> tuple[Path, Any] | None:
    """Return where `steps` lead if they mean one path only, as nearly all do: else None."""
    value = root
    for step in steps:
        if isinstance(value, list):
            if not isinstance(step, int) or step >= len(value):
                return None
        elif not isinstance(value, dict) or "" in value or step not in value:
            return None
        value = value[step]
    return None if isinstance(value, dict) and "" in value else (tuple(steps), value)


def _meant(value: Any, steps: list[str | int]) -> Iterator[tuple[Path, Any]]:
    """Yield each path that `steps` may mean, and what is there."""
    if not steps:
        yield (), value
    for name in _names_meant(value, steps):
        rest = steps if name == "" else steps[1:]
        for path, part in _meant(value[name], rest):
            yield (name, *path), part


def _names_meant(value: Any, steps: list[str | int]) -> Iterator[str | int]:
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


def _missing(problem: Problem, names: list[str]) -> Problem:
    return replace(problem, expected=names, message=f"missing properties: {_names(names)}")


# --- words -------------------------------------------------------------------------------------

Words = Callable[[Any, Any], tuple[Any, str]]


def _json(value: Any) -> str:
    text = write_json(value)
    return text if len(text) <= _MAX_WORD else text[:_MAX_WORD] + "…"


def _names(names: Iterable[Any]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _type(kind: Any, value: Any) -> tuple[Any, str]:
    return kind.types, f"expected {' or '.join(kind.types)}, but got {json_type(value)}"


def _enum(kind: Any, _: Any) -> tuple[Any, str]:
    options = [_json(option) for option in kind.options]
    if not options:
        return [], _NOTHING
    one = "value must be " if len(options) == 1 else "value must be one of "
    return kind.options, one + _listed(options)


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:50])
    return shown if len(words) <= 50 else f"{shown}, … ({len(words)} in all)"


def _not(kind: Any, _: Any) -> tuple[Any, str]:
    return None, _NOTHING if kind.schema in ({}, True) else "not failed"


def _const(kind: Any, _: Any) -> tuple[Any, str]:
    return [kind.expected_value], f"value must be {_json(kind.expected_value)}"


def _required(kind: Any, _: Any) -> tuple[Any, str]:
    return [kind.property], f"missing properties: '{kind.property}'"


def _additional(kind: Any, value: Any) -> tuple[Any, str]:
    names = list(getattr(kind, "unexpected", value))
    return names, f"additionalProperties {_names(names[:50])} not allowed"


def _unevaluated(kind: Any, _: Any) -> tuple[Any, str]:
    return kind.unexpected, f"{kind.name} {_names(kind.unexpected[:50])} not allowed"


def _length(kind: Any, value: Any) -> tuple[Any, str]:
    return kind.limit, f"got {len(value)}, want {kind.limit}"


def _limit(sign: str) -> Words:
    return lambda kind, value: (kind.limit, f"must be {sign} {kind.limit} but found {_json(value)}")


def _plain(message: str) -> Words:
    return lambda kind, value: (None, message)


def _pattern(pattern: str, value: Any) -> tuple[Any, str]:
    return pattern, f"{_json(value)} does not match pattern '{pattern[:_MAX_WORD]}'"


def _property_names(kind: Any, _: Any) -> tuple[Any, str]:
    return None, f"propertyNames: {kind.error.message[:_MAX_WORD]}"


WORDS: dict[str, Words] = {
    "AdditionalItems": lambda kind, value: (
        kind.limit,
        f"only {kind.limit} items are allowed, but found {len(value)} items",
    ),
    "AdditionalProperties": _additional,
    "AnyOf": _plain("anyOf failed"),
    "Constant": _const,
    "Custom": lambda kind, value: _pattern(kind.message, value),  # of patterns.PatternKeyword
    "Contains": _plain("contains failed: too few or too many matching items"),
    "ContentEncoding": _plain("contentEncoding failed"),
    "ContentMediaType": _plain("contentMediaType failed"),
    "Enum": _enum,
    "ExclusiveMaximum": _limit("<"),
    "ExclusiveMinimum": _limit(">"),
    "FalseSchema": _plain(_NOTHING),
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
    "OneOfMultipleValid": _plain("oneOf failed: valid against more than one of the schemas"),
    "OneOfNotValid": _plain("oneOf failed"),
    "Pattern": lambda kind, value: _pattern(kind.pattern, value),
    "PropertyNames": _property_names,
    "Required": _required,
    "Type": _type,
    "UnevaluatedItems": _unevaluated,
    "UnevaluatedProperties": _unevaluated,
    "UniqueItems": _plain("items are not unique"),
}
_RENAMED = {"Custom": "Pattern"}

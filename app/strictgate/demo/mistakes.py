"""What a model gets wrong in a document: a wrong option, a missing property, a wrong type.

Each mistake is looked for where the schema really forbids it: a candidate that still fits is passed
over, so that a document that was made wrong is wrong, unless the schema allows everything.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.pointer import pointer
from strictgate.demo.chat_request import ChatRequest, refuse_bad_schema
from strictgate.demo.conformance import is_valid, same_json
from strictgate.demo.references import References

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SchemaSpot:
    """A part of a document and a schema that applies to it."""

    path: Path
    where: str
    """The place of `schema`, as a JSON Pointer."""
    schema: dict[str, Any]
    value: Any


@dataclass(frozen=True, slots=True)
class Mistake:
    """A document made wrong, and what Groq says about it."""

    value: Any
    sentence: str


Kind = Callable[[SchemaSpot], Iterator[tuple[Any, str, str]]]
"""Yields wrong values for a spot, each with the keyword that it violates, and the words for it."""


def schema_spots(schema: Any, value: Any, references: References) -> Iterator[SchemaSpot]:
    """Yield every part of `value` with every schema that applies to it, in document order."""
    return _spots(SchemaSpot((), "", schema, value), references, set())


def _spots(
    spot: SchemaSpot, references: References, followed: set[tuple[Path, str]]
) -> Iterator[SchemaSpot]:
    if not isinstance(spot.schema, dict):
        return
    reference = spot.schema.get("$ref")
    if isinstance(reference, str) and (spot.path, reference) not in followed:
        followed.add((spot.path, reference))
        behind = SchemaSpot(
            spot.path, spot.where + "/$ref", references.resolve(reference), spot.value
        )
        yield from _spots(behind, references, followed)
    if isinstance(reference, str) and references.ref_stands_alone:
        return
    yield spot
    for inner in (*_branches(spot, references), *_members(spot), *_items(spot)):
        yield from _spots(inner, references, followed)


def _branches(spot: SchemaSpot, references: References) -> Iterator[SchemaSpot]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(spot.schema.get(keyword, ())):
            if is_valid(branch, spot.value, references):
                yield SchemaSpot(spot.path, f"{spot.where}/{keyword}/{index}", branch, spot.value)


def _members(spot: SchemaSpot) -> Iterator[SchemaSpot]:
    properties = spot.schema.get("properties", {})
    for name, value in spot.value.items() if isinstance(spot.value, dict) else ():
        if name in properties:
            where = spot.where + pointer(("properties", name))
            yield SchemaSpot((*spot.path, name), where, properties[name], value)
        elif isinstance(spot.schema.get("additionalProperties"), dict):
            where = spot.where + "/additionalProperties"
            yield SchemaSpot((*spot.path, name), where, spot.schema["additionalProperties"], value)


def _items(spot: SchemaSpot) -> Iterator[SchemaSpot]:
    first = spot.schema.get("prefixItems", ())
    for index, value in enumerate(spot.value if isinstance(spot.value, list) else ()):
        if index < len(first):
            where = f"{spot.where}/prefixItems/{index}"
            yield SchemaSpot((*spot.path, index), where, first[index], value)
        elif isinstance(spot.schema.get("items"), dict):
            yield SchemaSpot(
                (*spot.path, index), spot.where + "/items", spot.schema["items"], value
            )


def find_mistake(schema: Any, value: Any, kinds: tuple[Kind, ...]) -> Mistake | None:
    """Return `value` with the first mistake of one of the `kinds` that makes it wrong."""
    with refuse_bad_schema():
        return next(_mistakes(schema, value, kinds), None)


def _mistakes(schema: Any, value: Any, kinds: tuple[Kind, ...]) -> Iterator[Mistake]:
    references = References(schema)
    found = list(schema_spots(schema, value, references))
    for kind in kinds:
        for spot in found:
            for wrong, keyword, words in kind(spot):
                changed = _replaced(value, spot.path, wrong)
                if not is_valid(schema, changed, references):
                    where = f"'{pointer(spot.path)}' does not validate with {spot.where}/{keyword}"
                    yield Mistake(changed, f"jsonschema: {where}: {words}")


def _replaced(value: Any, path: Path, part: Any) -> Any:
    if not path:
        return part
    changed = deepcopy(value)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = part
    return changed


# --- kinds -------------------------------------------------------------------------------------


def wrong_option(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """A value that is none of the options: `happy`, or `unhappy` where happy is allowed."""
    for keyword in ("enum", "const"):
        if keyword in spot.schema:
            options = spot.schema[keyword] if keyword == "enum" else [spot.schema[keyword]]
            for wrong in ("happy", "unhappy"):
                if not any(same_json(wrong, each) for each in options):
                    yield wrong, keyword, _must_be(options)


def wrong_case(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """The right option, spelt in another case."""
    for keyword in ("enum", "const"):
        if keyword in spot.schema and isinstance(spot.value, str):
            for wrong in (spot.value.upper(), spot.value.lower(), spot.value.capitalize()):
                if wrong != spot.value:
                    yield wrong, keyword, _must_be([spot.value])


def _must_be(options: list[Any]) -> str:
    shown = ", ".join(f'"{each}"' if isinstance(each, str) else str(each) for each in options)
    return f"value must be {'one of ' if len(options) > 1 else ''}{shown}"


def missing_property(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """A required property left out, the last one first."""
    if isinstance(spot.value, dict) and isinstance(spot.schema.get("required"), list):
        for name in reversed(spot.schema["required"]):
            left = {key: value for key, value in spot.value.items() if key != name}
            yield left, "required", f"missing properties: '{name}'"


def extra_property(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """A property that nobody asked for."""
    if isinstance(spot.value, dict):
        more = {**spot.value, "extra_note": "Nobody asked for this."}
        yield more, "additionalProperties", "additionalProperties 'extra_note' not allowed"


def wrong_type_of_leaf(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """A string, number, boolean or null of another type."""
    if not isinstance(spot.value, dict | list):
        yield from wrong_type(spot)


def wrong_type(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """A value of another type."""
    for wrong in ({"unexpected": True}, "unknown", ["unexpected"], None):
        yield wrong, "type", f"expected {spot.schema.get('type', 'another type')}"


COMMON_MISTAKES = (missing_property, wrong_type_of_leaf, wrong_type)


# --- what they make of a document --------------------------------------------------------------


def mistake_change(*kinds: Kind) -> Callable[[Any, ChatRequest, int], Any]:
    """Return a change that makes one mistake, if the schema leaves room for one."""

    def revalue(value: Any, request: ChatRequest, index: int) -> Any:
        found = find_mistake(request.schema, value, kinds)
        return value if found is None else found.value

    return revalue


def wrong_until(turn: int) -> Callable[[Any, ChatRequest, int], Any]:
    """Return a change that makes documents wrong before the ask number `turn`, from 0."""
    wrong = mistake_change(*COMMON_MISTAKES)
    return lambda value, request, index: (
        wrong(value, request, index) if request.earlier_asks < turn else value
    )


def wrong_last_choice(value: Any, request: ChatRequest, index: int) -> Any:
    """Make the last of several choices wrong on the first ask."""
    last = (
        request.choice_count > 1 and index == request.choice_count - 1 and request.earlier_asks == 0
    )
    return mistake_change(*COMMON_MISTAKES)(value, request, index) if last else value


def added_property(value: Any, request: ChatRequest, index: int) -> Any:
    """Add a property, at the root where it is allowed everywhere."""
    found = find_mistake(request.schema, value, (extra_property,))
    if found is None and isinstance(value, dict):
        return {**value, "extra_note": "Nobody asked for this."}
    return value if found is None else found.value


def quoted_numbers(value: Any, request: ChatRequest, index: int) -> Any:
    """Write every number as a string."""
    match value:
        case dict():
            return {name: quoted_numbers(part, request, index) for name, part in value.items()}
        case list():
            return [quoted_numbers(part, request, index) for part in value]
        case int() | float() if not isinstance(value, bool):
            return str(value)
    return value


def unwrapped(value: Any, request: ChatRequest, index: int) -> Any:
    """Take the value out of `{"value": …}`."""
    return value["value"] if isinstance(value, dict) and list(value) == ["value"] else value

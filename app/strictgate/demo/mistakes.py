"""Mistakes in a document: a wrong option, a missing property, a wrong type.

A mistake is made only where the schema forbids it. A change after which the document is still valid
is not made, so a document with a mistake is invalid, unless the schema allows every value.
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
    """A part of a document, and a schema that applies to it."""

    path: Path
    """The path of the part in the document."""
    where: str
    """The place of the schema, as a JSON Pointer."""
    schema: dict[str, Any]
    value: Any
    """The part."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A document with a mistake in it."""

    value: Any
    """The document."""
    sentence: str
    """What Groq's error says about it."""


MistakeKind = Callable[[SchemaSpot], Iterator[tuple[Any, str, str]]]
"""A function that yields wrong values for a spot, each with the keyword that it violates and with
Groq's message about it."""


def schema_spots(schema: Any, value: Any, references: References) -> Iterator[SchemaSpot]:
    """Yield every part of `value` with every schema that applies to it, in the document's order."""
    return _spots(SchemaSpot((), "", schema, value), references, set())


def _spots(
    spot: SchemaSpot, references: References, followed: set[tuple[Path, str]]
) -> Iterator[SchemaSpot]:
    if not isinstance(spot.schema, dict):
        return
    reference = spot.schema.get("$ref")
    if isinstance(reference, str) and (spot.path, reference) not in followed:
        followed.add((spot.path, reference))
        target = SchemaSpot(
            spot.path, spot.where + "/$ref", references.resolve(reference), spot.value
        )
        yield from _spots(target, references, followed)
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


def find_mistake(schema: Any, value: Any, kinds: tuple[MistakeKind, ...]) -> Mistake | None:
    """Return the first mistake that makes `value` invalid; None if there is none.

    Args:
        schema: the schema.
        value: a valid document.
        kinds: the kinds of mistakes, which are tried one after the other.
    """
    with refuse_bad_schema():
        return next(_mistakes(schema, value, kinds), None)


def _mistakes(schema: Any, value: Any, kinds: tuple[MistakeKind, ...]) -> Iterator[Mistake]:
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
    """Yield a value that is none of the options: `happy`, or `unhappy` if that is an option."""
    for keyword in ("enum", "const"):
        if keyword in spot.schema:
            options = spot.schema[keyword] if keyword == "enum" else [spot.schema[keyword]]
            for wrong in ("happy", "unhappy"):
                if not any(same_json(wrong, each) for each in options):
                    yield wrong, keyword, _must_be(options)


def wrong_case(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """Yield the right option in capitals, in small letters, and with a capital."""
    for keyword in ("enum", "const"):
        if keyword in spot.schema and isinstance(spot.value, str):
            for wrong in (spot.value.upper(), spot.value.lower(), spot.value.capitalize()):
                if wrong != spot.value:
                    yield wrong, keyword, _must_be([spot.value])


def _must_be(options: list[Any]) -> str:
    shown = ", ".join(f'"{each}"' if isinstance(each, str) else str(each) for each in options)
    return f"value must be {'one of ' if len(options) > 1 else ''}{shown}"


def missing_property(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """Yield the object without one required property, the last one first."""
    if isinstance(spot.value, dict) and isinstance(spot.schema.get("required"), list):
        for name in reversed(spot.schema["required"]):
            left = {key: value for key, value in spot.value.items() if key != name}
            yield left, "required", f"missing properties: '{name}'"


def extra_property(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """Yield the object with a property that nobody asked for."""
    if isinstance(spot.value, dict):
        more = {**spot.value, "extra_note": "Nobody asked for this."}
        yield more, "additionalProperties", "additionalProperties 'extra_note' not allowed"


def wrong_type_of_leaf(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """Yield values of other types for a string, a number, a boolean or null."""
    if not isinstance(spot.value, dict | list):
        yield from wrong_type(spot)


def wrong_type(spot: SchemaSpot) -> Iterator[tuple[Any, str, str]]:
    """Yield values of other types for any value."""
    for wrong in ({"unexpected": True}, "unknown", ["unexpected"], None):
        yield wrong, "type", f"expected {spot.schema.get('type', 'another type')}"


COMMON_MISTAKES = (missing_property, wrong_type_of_leaf, wrong_type)


# --- changes of a document ---------------------------------------------------------------------


def mistake_change(*kinds: MistakeKind) -> Callable[[Any, ChatRequest, int], Any]:
    """Return a change that makes one mistake of these kinds, if the schema forbids any."""

    def change_document(value: Any, request: ChatRequest, index: int) -> Any:
        found = find_mistake(request.schema, value, kinds)
        return value if found is None else found.value

    return change_document


def wrong_until(asks: int) -> Callable[[Any, ChatRequest, int], Any]:
    """Return a change that makes documents wrong until the model was asked `asks` times before."""
    wrong = mistake_change(*COMMON_MISTAKES)
    return lambda value, request, index: (
        wrong(value, request, index) if request.earlier_asks < asks else value
    )


def wrong_last_choice(value: Any, request: ChatRequest, index: int) -> Any:
    """Make the last of several choices wrong when it is asked for the first time."""
    last = (
        request.choice_count > 1 and index == request.choice_count - 1 and request.earlier_asks == 0
    )
    return mistake_change(*COMMON_MISTAKES)(value, request, index) if last else value


def added_property(value: Any, request: ChatRequest, index: int) -> Any:
    """Add a property where it is forbidden; if it is allowed everywhere, add it at the root."""
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

"""OpenAI's rules for schemas with `strict: true`.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas: the root is an object,
every object forbids additional properties, and every property is required. OpenAI also refuses
keywords (`minLength`, `allOf`, …) that it cannot enforce. They are welcome here, where the whole
schema is enforced on the answer.

The rules do not hold for schemas that only restrict what another schema describes (`allOf`, `if`,
`not`, …). Under a condition, `additionalProperties: false` would forbid the properties that the
outer schema declares, and a `required` for every property would make it another condition.

Each rule yields what is wrong with one schema, in OpenAI's words; `violations` adds the path.
"""

from collections.abc import Callable, Iterator
from typing import Any

from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.drafts import DEFAULT, subschemas
from strictgate.core.schema.error_context import RESPONSE_FORMAT, SchemaContext
from strictgate.core.schema.limits import SchemaFault
from strictgate.core.schema.references import schema_graph
from strictgate.core.value_type import value_type

Rule = Callable[[dict[str, Any]], Iterator[tuple[Path, str]]]
"""A function that yields what is wrong with a schema object: where in it, and the message."""

_RULED = {
    *("$defs", "definitions"),
    *("additionalProperties", "patternProperties", "properties", "unevaluatedProperties"),
    *("additionalItems", "items", "prefixItems", "unevaluatedItems"),
    *("anyOf", "oneOf"),
}
"""The keywords whose subschemas describe a whole value, and so must keep the rules."""


@value_type
class StrictViolation:
    """One broken rule."""

    path: Path
    message: str
    is_about_whole: bool = False
    """Whether the message speaks of the whole schema, and needs no place."""


def check_strict(source: Any, *, name: str, context: SchemaContext = RESPONSE_FORMAT) -> None:
    """Refuse an admitted schema that breaks a rule.

    Args:
        source: the schema.
        name: what the caller named it, for the message.
        context: where in the request it came, for the message.

    Raises:
        BadRequest: the first violation, in OpenAI's words.
    """
    for violation in violations(source):
        where = None if violation.is_about_whole else violation.path
        raise context.error(name, SchemaFault(violation.message, where))


def violations(source: Any) -> Iterator[StrictViolation]:
    """Yield every broken rule, the root's first, then in the order written."""
    given = _root_type(source)
    if given != "object":
        message = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{given}\"'."
        yield StrictViolation((), message, is_about_whole=True)
    if isinstance(source, dict) and "anyOf" in source:
        yield StrictViolation((), "'anyOf' is not permitted.")
    yield from (
        StrictViolation(path + inside, message)
        for path, schema in _ruled(source)
        for rule in RULES
        for inside, message in rule(schema)
    )


def _ruled(source: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the schema objects that must keep the rules, with their paths, in the order written."""
    waiting: list[tuple[Path, Any]] = [((), source)]
    while waiting:
        path, schema = waiting.pop()
        if isinstance(schema, dict):
            yield path, schema
            found = [
                (path + step, child) for step, _, child in subschemas(schema) if step[0] in _RULED
            ]
            waiting += reversed(found)


def _root_type(source: Any) -> Any:
    """Return the `type` of the root, or of what its `$ref` leads to; None if there is none."""
    if isinstance(source, dict) and ("type" in source or "$ref" not in source):
        return source.get("type")
    try:
        nodes = schema_graph(source, DEFAULT)
    except SchemaFault:
        return source.get("type")
    node = nodes[0] if nodes else None
    for _ in nodes:  # not for ever: the references may be a loop
        if node is None or node.target is None or "type" in node.schema:
            break
        node = node.target
    return node.schema.get("type") if node else None


# --- rules for each schema object ----------------------------------------------------------------


def _forbids_additional(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    if _is_object(schema) and schema.get("additionalProperties") is not False:
        given = schema.get("type")
        inside: Path = ("type", given.index("object")) if isinstance(given, list) else ()
        yield inside, "'additionalProperties' is required to be supplied and to be false."


def _requires_all(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    required = _listed(schema)
    for key in _properties(schema):
        if key not in required:
            yield (), f"{_REQUIRED} Missing '{key}'."


def _requires_no_other(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    if not _is_object(schema):
        return
    for key in _listed(schema):
        if key not in _properties(schema):
            yield (), f"{_REQUIRED} Extra required key '{key}' supplied."


_REQUIRED = (
    "'required' is required to be supplied and to be an array including every key in properties."
)

RULES: tuple[Rule, ...] = (_forbids_additional, _requires_all, _requires_no_other)


def _is_object(schema: dict[str, Any]) -> bool:
    given = schema.get("type")
    if given is None:
        return "properties" in schema
    return given == "object" or (isinstance(given, list) and "object" in given)


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _listed(schema: dict[str, Any]) -> list[Any]:
    required = schema.get("required")
    return required if isinstance(required, list) else []


def strict_object(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that keeps the rules and has all of `properties`."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

"""Hosts that refuse what their native modes lack of JSON Schema, in their words.

The rules are told here once more, from the providers' documentation and not from what Strictgate
believes of them: an upstream must not know what it is asked by. The first fault is the answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from strictgate.core.jsontext.reader import write_json
from strictgate.demo.chat_request import Channel, ChatRequest, refuse_bad_schema
from strictgate.demo.reply import DemoReply, groq_error, json_reply, openai_error

Place = tuple[str | int, ...]
_HELD = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_ALWAYS = {"type", "properties", "required", "items", "enum", "anyOf", "$ref", "$defs"}


@dataclass(frozen=True, slots=True)
class HostComplaint:
    """What a host refuses in a schema."""

    place: Place
    keyword: str
    schema: dict[str, Any]
    reason: str = "keyword"
    """Why: a `keyword` that it lacks, or one of the rules of `HostRules`."""


@dataclass(frozen=True, slots=True)
class HostRules:
    """What one host takes in its native mode."""

    takes: frozenset[str]
    """Keywords, beside those that all take."""
    words: Callable[[ChatRequest, HostComplaint], DemoReply]
    closed: bool = False
    all_required: bool = False
    typed: bool = False
    single_types: bool = False
    bare: bool = False
    """Beside a union or a reference stands nothing but a description."""
    recursive: bool = True
    lone_refs: bool = False
    """Beside a reference stands nothing at all."""
    strict_only: bool = False
    needs_strict: bool = False
    min_items: frozenset[int] | None = None
    most_branches: int = 1000


def refuse_dialect(rules: HostRules) -> Callable[[ChatRequest], DemoReply | None]:
    """Return the refusal of native requests whose schemas break `rules`."""

    def refuse(request: ChatRequest) -> DemoReply | None:
        if request.channel is not Channel.NATIVE:
            return None
        given = request.body["response_format"].get("json_schema")
        is_strict = isinstance(given, dict) and given.get("strict") is True
        if rules.strict_only and not is_strict:
            return None
        if rules.needs_strict and not is_strict:
            return rules.words(request, HostComplaint((), "strict", {}, "strict"))
        with refuse_bad_schema():
            fault = next(schema_faults(request.schema, rules), None)
        return None if fault is None else rules.words(request, fault)

    return refuse


def schema_faults(schema: dict[str, Any], rules: HostRules) -> Iterator[HostComplaint]:
    """Yield what a host refuses in a schema, outermost first."""
    for place, each in _schemas(schema, ()):
        for keyword in each:
            if keyword not in rules.takes | _ALWAYS:
                yield HostComplaint(place, keyword, each)
        yield from (
            HostComplaint(place, keyword, each, reason)
            for reason, keyword, is_broken in _rules(each, rules)
            if is_broken
        )
    if not rules.recursive and _is_recursive(schema):
        yield HostComplaint((), "$ref", schema, "recursion")


def _rules(schema: dict[str, Any], rules: HostRules) -> Iterator[tuple[str, str, bool]]:
    """Yield each rule with the keyword that it is about, and whether it is broken."""
    kind, names = schema.get("type"), schema.get("properties", {})
    leads = {"anyOf", "$ref"} & {*schema}
    is_object = kind == "object" or "properties" in schema
    is_open = is_object and schema.get("additionalProperties") is not False
    lacks = is_object and {*schema.get("required", ())} != {*names}
    yield "closed", "additionalProperties", rules.closed and is_open
    yield "all_required", "required", rules.all_required and lacks
    yield "typed", "type", rules.typed and kind is None and not leads
    yield "single_types", "type", rules.single_types and isinstance(kind, list)
    beside = schema.keys() - leads - {"description", "title", "$defs"}
    yield "bare", "anyOf", rules.bare and bool(leads) and bool(beside)
    yield "lone_refs", "$ref", rules.lone_refs and "$ref" in schema and len(schema) > 1
    least = schema.get("minItems")
    yield (
        "min_items",
        "minItems",
        None not in (rules.min_items, least) and (least not in (rules.min_items or ())),
    )
    yield "branches", "anyOf", len(schema.get("anyOf", ())) > rules.most_branches


def _schemas(schema: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield every schema object with its place."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for keyword in _HELD:
        for name, inner in (schema.get(keyword) or {}).items():
            yield from _schemas(inner, (*place, keyword, name))
    for keyword in _LISTS:
        for at, inner in enumerate(schema.get(keyword) or ()):
            yield from _schemas(inner, (*place, keyword, at))
    for keyword in _SINGLE:
        yield from _schemas(schema.get(keyword), (*place, keyword))


def _is_recursive(root: dict[str, Any]) -> bool:
    """Whether a reference leads back to where it stands, or to what leads there."""

    def targets(schema: dict[str, Any]) -> list[str]:
        found = (each.get("$ref") for _, each in _schemas(schema, ()))
        return [each for each in found if isinstance(each, str)]

    definitions = root.get("$defs") or root.get("definitions") or {}
    own = {key: value for key, value in root.items() if key not in ("$defs", "definitions")}
    leads = {"#": targets(own)} | {
        f"#/{holder}/{name}": targets(inner)
        for holder in ("$defs", "definitions")
        for name, inner in definitions.items()
    }

    def returns(start: str) -> bool:
        seen: set[str] = set()
        waiting = list(leads.get(start, ()))
        while waiting:
            at = waiting.pop()
            if at == start:
                return True
            if at not in seen:
                seen.add(at)
                waiting += leads.get(at, ())
        return False

    return any(map(returns, leads))


# --- in their words ------------------------------------------------------------------------------


def _openai(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    reasons = {
        "closed": "'additionalProperties' is required to be supplied and to be false.",
        "all_required": "'required' is required to be supplied and to be an array including every "
        "key in properties.",
        "typed": "schema must have a 'type' key.",
    }
    said = reasons.get(fault.reason, f"'{fault.keyword}' is not permitted.")
    if fault.reason == "lone_refs":
        said = f"$ref cannot have keywords {fault.schema.keys() - {'$ref'}}."
    name = request.body["response_format"]["json_schema"].get("name")
    message = f"Invalid schema for response_format '{name}': In context={fault.place}, {said}"
    return openai_error(400, message, param="response_format")


def _groq(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    where = "".join(f"/{step}" for step in (*fault.place, fault.keyword))
    said = f"{fault.keyword} is not supported"
    if fault.reason == "closed":
        said = "'additionalProperties:false' must be set on every object"
    if fault.reason == "all_required":
        said = "`required` is required to be supplied and to include every key in properties"
    message = f"invalid JSON schema for response_format: 'x': {where}: {said}"
    return groq_error(message, param="response_format", schema_path=where)


def _anthropic(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    kind = fault.schema.get("type")
    said = {
        "strict": "response_format.json_schema.strict: Input should be True",
        "closed": "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
        "explicitly set to false",
        "typed": "Empty schema ({}) that accepts any JSON value is not supported. Please specify a "
        "concrete type.",
        "recursion": "output_config.format.schema: Recursive schemas are not supported",
    }.get(
        fault.reason,
        f"output_config.format.schema: For '{kind}' type, property '{fault.keyword}' is not "
        "supported",
    )
    error = {"code": "invalid_request_error", "message": said, "type": "invalid_request_error"}
    return json_reply({"error": error}, 400)


def _gemini(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    where = "generation_config.response_schema" + "".join(f".{step}" for step in fault.place)
    message = (
        f"Invalid JSON payload received. Unknown name \"{fault.keyword}\" at '{where}': "
        + ("Proto field is not repeating, cannot start list." if fault.reason != "keyword" else "")
        + ("Cannot find field." if fault.reason == "keyword" else "")
    )
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    return json_reply([{"error": error}], 400)


def _moonshot(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    said = {
        "typed": "type is not defined",
        "bare": "when using anyOf, type should be defined in anyOf items instead of the parent "
        "schema",
    }.get(fault.reason, f"unsupported keywords: {fault.keyword}")
    where = ".".join(map(str, fault.place)) or "root"
    return groq_error(
        "Invalid request: response_format.json_schema is not a valid moonshot flavored json "
        f"schema, details: <At path '{where}': {said}>"
    )


def _cerebras(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    body = {
        "message": f"Unsupported JSON schema fields: {{'{fault.keyword}'}}",
        "type": "invalid_request_error",
        "param": "response_format",
        "code": "wrong_api_format",
    }
    return json_reply(body, 400)


def _fireworks(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    instance = write_json(fault.schema)
    message = f"JSON Schema not supported: could not understand the instance `{instance}`."
    error = {"object": "error", "type": "invalid_request_error", "message": message}
    return json_reply({"error": error}, 400)


def _xai(request: ChatRequest, fault: HostComplaint) -> DemoReply:
    body = {
        "code": "Client specified an invalid argument",
        "error": f"Invalid JSON schema: {fault.keyword} is not supported "
        f"({'circular reference' if fault.reason == 'recursion' else fault.reason}).",
    }
    return json_reply(body, 400)


HOSTS: dict[str, HostRules] = {
    "openai": HostRules(
        frozenset(
            {
                *("additionalProperties", "const", "description", "title", "pattern", "format"),
                *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
                *("minItems", "maxItems"),
            }
        ),
        _openai,
        closed=True,
        all_required=True,
        typed=True,
        lone_refs=True,
        strict_only=True,
    ),
    "groq": HostRules(
        frozenset({"additionalProperties", "description", "title", "minimum", "maximum"}),
        _groq,
        closed=True,
        all_required=True,
        strict_only=True,
    ),
    "anthropic": HostRules(
        frozenset(
            {
                *("additionalProperties", "const", "description", "title", "default", "format"),
                *("minItems", "pattern", "allOf", "definitions"),
            }
        ),
        _anthropic,
        closed=True,
        typed=True,
        recursive=False,
        needs_strict=True,
        min_items=frozenset({0, 1}),
    ),
    "gemini": HostRules(
        frozenset(
            {
                *("description", "title", "format", "nullable", "minimum", "maximum"),
                *("minItems", "maxItems", "propertyOrdering", "default", "example"),
            }
        ),
        _gemini,
        single_types=True,
        recursive=False,
    ),
    "moonshot": HostRules(
        frozenset({"additionalProperties", "description", "title", "default", "$id"}),
        _moonshot,
        typed=True,
        bare=True,
    ),
    "cerebras": HostRules(
        frozenset({"additionalProperties", "description", "title", "const"}),
        _cerebras,
        closed=True,
        all_required=True,
        typed=True,
        single_types=True,
        recursive=False,
        needs_strict=False,
        most_branches=5,
    ),
    "fireworks": HostRules(
        frozenset(
            {
                *("additionalProperties", "allOf", "const", "default", "definitions"),
                *("description", "title", "$id", "$schema", "minimum", "maximum"),
            }
        ),
        _fireworks,
    ),
    "xai": HostRules(
        frozenset(
            {
                *("additionalProperties", "const", "default", "description", "title", "oneOf"),
                *("pattern", "format", "minLength", "maxLength", "minimum", "maximum"),
                *("exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"),
            }
        ),
        _xai,
        recursive=False,
    ),
}
"""By the name of the provider."""

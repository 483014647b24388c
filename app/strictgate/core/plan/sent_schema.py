"""The schema as a mode's field holds it: the caller's own, or written down to the host's dialect.

| what is known of the model                             | what is sent                        |
|--------------------------------------------------------|-------------------------------------|
| nothing                                                | the caller's own                    |
| the dialect of its host (its preset)                   | compiled down to it                 |
| that it refuses a keyword                              | the same without it; of the caller's|
|                                                        | own, all that needs no condition    |
| that it refuses this schema, whatever the keyword      | compiled down to the plainest       |

What was compiled is kept with the schema.
"""

from dataclasses import replace
from typing import Any

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.core.request.contract import Contract
from strictgate.core.schema import root_wrapper
from strictgate.core.schema.dialect_compiler import CompiledSchema, compile_schema
from strictgate.core.schema.dialect_parts import NotInDialect, UnsaidRoot
from strictgate.core.schema.dialect_values import left_out_places
from strictgate.core.schema.dialects import DIALECTS, FREE, Dialect, plainest
from strictgate.core.schema.drafts import keywords_of
from strictgate.core.schema.schema import Schema
from strictgate.core.value_type import value_type

HELD_BY = (Mode.NATIVE, Mode.TOOL)
"""The modes that have a field for the schema."""
_MAX_SIZE = 128 << 10  # characters of a schema that is compiled: larger ones no host takes
_MAX_KEPT = 8  # dialects of one schema


@value_type
class SentSchema:
    """What stands in the field of a mode."""

    source: Any
    strict: bool
    """Whether `strict: true` stands beside it."""
    dialect: str = ""
    """The name of its dialect; "": it is the caller's own."""
    left_out: tuple[str, ...] = ()
    """The keywords of the caller's that are not in it, …"""
    left_out_at: tuple[str, ...] = ()
    """… and where in the caller's schema they stand, as JSON Pointers."""
    has_nulls: bool = False
    """The model writes null for what is absent."""
    is_told: bool = True
    """The model sees in it what is left out."""


def sent_schema(
    schema: Schema, contract: Contract, capabilities: Capabilities, mode: Mode, *, wrapped: bool
) -> SentSchema:
    """Return the schema as `mode` sends it.

    Args:
        wrapped: the model is asked for `{"value": <document>}`.

    Raises:
        NotInDialect: the host's dialect cannot say it.
    """
    dialect = _dialect(contract, capabilities, mode)
    if dialect is None:
        return own_schema(schema, contract, wrapped=wrapped)
    compiled = _compiled(schema, dialect, wrapped=wrapped)
    return SentSchema(
        compiled.source,
        contract.strict or dialect.sends_strict,
        dialect.name,
        compiled.left_out,
        compiled.left_out_at,
        compiled.has_nulls,
        compiled.is_told,
    )


def field_schema(
    schema: Schema, contract: Contract, capabilities: Capabilities, mode: Mode, *, wrapped: bool
) -> SentSchema:
    """Return the schema as `mode` sends it; the caller's own, where its dialect cannot say it: then
    there is no other mode."""
    try:
        return sent_schema(schema, contract, capabilities, mode, wrapped=wrapped)
    except NotInDialect:
        return own_schema(schema, contract, wrapped=wrapped)


def unsaid(schema: Schema, contract: Contract, capabilities: Capabilities, mode: Mode) -> str:
    """Return what the dialect that `mode` takes cannot say of a schema; "": it can say all."""
    if _dialect(contract, capabilities, mode) is None:
        return ""
    wrapped = needs_wrapper(schema, contract, capabilities, mode)
    try:
        sent_schema(schema, contract, capabilities, mode, wrapped=wrapped)
    except NotInDialect as reason:
        return str(reason)
    return ""


def needs_wrapper(
    schema: Schema, contract: Contract, capabilities: Capabilities, mode: Mode
) -> bool:
    """Whether a mode that yields objects asks for `{"value": <document>}`: where the document need
    be none, or the dialect wants a root that is said to be one, as that of a union is not."""
    if not schema.is_object_root or _dialect(contract, capabilities, mode) is None:
        return not schema.is_object_root
    try:
        sent_schema(schema, contract, capabilities, mode, wrapped=False)
    except UnsaidRoot:
        return True
    except NotInDialect:
        return False
    return False


def own_schema(schema: Schema, contract: Contract, *, wrapped: bool) -> SentSchema:
    """Return the caller's own schema."""
    source = root_wrapper.wrap_root(schema.source) if wrapped else schema.source
    return SentSchema(source, contract.strict)


def function_schema(
    schema: Schema, capabilities: Capabilities, *, strict: bool
) -> CompiledSchema | None:
    """Return the parameters of a function whose calls are judged, in the dialect of its host; None
    where they are sent as the caller has them.

    So they are where the host takes all, or its dialect cannot say them; and where what may be
    absent would be null, which nobody takes out of arguments. Where it has no dialect for functions
    they do without what it has refused by name, here or in a response format.
    """
    dialect = DIALECTS.get(capabilities.dialect)
    if dialect is None or not (dialect.in_tools or (dialect.in_strict_tools and strict)):
        if keywords_of(schema.source).isdisjoint(capabilities.refused_keywords):
            return None
        dialect = DIALECTS[FREE]
    for keyword in capabilities.refused_keywords:
        dialect = dialect.without(keyword)
    try:
        compiled = _compiled(schema, dialect, wrapped=False)
    except NotInDialect:
        return None
    return None if compiled.has_nulls or compiled.source == schema.source else compiled


def _dialect(contract: Contract, capabilities: Capabilities, mode: Mode) -> Dialect | None:
    """Return the dialect that `mode` is to be asked in; None: the caller's words will do."""
    if not capabilities.limits_schemas or mode not in HELD_BY or contract.is_json_object:
        return None
    if mode in capabilities.plain_modes:
        dialect: Dialect | None = plainest(DIALECTS.get(capabilities.dialect))
    else:
        dialect = DIALECTS.get(capabilities.dialect)
        if dialect is not None and (
            (dialect.is_for_strict and not contract.strict)
            or (mode is Mode.TOOL and not dialect.in_tools)
        ):
            dialect = None
    if dialect is None and capabilities.refused_keywords:
        dialect = DIALECTS[FREE]
    for keyword in capabilities.refused_keywords:
        dialect = dialect and dialect.without(keyword)
    return dialect


def _compiled(schema: Schema, dialect: Dialect, *, wrapped: bool) -> CompiledSchema:
    kept = schema.compiled
    key = (dialect, wrapped)
    found = kept.get(key)
    if found is None:
        try:
            found = _compile(schema, dialect, wrapped=wrapped)
        except NotInDialect as reason:
            found = reason
        if len(kept) >= _MAX_KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = found
    if isinstance(found, NotInDialect):
        raise type(found)(*found.args)
    return found


def _compile(schema: Schema, dialect: Dialect, *, wrapped: bool) -> CompiledSchema:
    if len(schema.text) > _MAX_SIZE:
        raise NotInDialect("so large a schema")
    own = schema.inspected.document
    document = root_wrapper.wrap_root(own) if wrapped else own
    compiled = compile_schema(document, schema.inspected.draft, dialect)
    return replace(compiled, left_out_at=left_out_places(own, compiled.left_out, dialect))


def without_strict(contract: Contract, sent: SentSchema) -> Contract:
    """Return `contract` as the field says it: `strict` as it is sent."""
    return contract if contract.strict is sent.strict else replace(contract, strict=sent.strict)

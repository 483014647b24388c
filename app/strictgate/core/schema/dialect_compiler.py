"""A schema written down to what a host's native mode takes (dialects.toml).

The compiled schema is what the host is asked with; the answer is judged by the caller's own. So a
keyword that the dialect lacks is left out, and what remains allows more:

| in the schema                        | in the dialect                                           |
|--------------------------------------|----------------------------------------------------------|
| `oneOf`                              | `anyOf`                                                  |
| `allOf`, what stands beside `$ref`   | merged into one schema                                   |
| what stands beside a union           | put into each of its branches                            |
| `const`, of which there is none      | an `enum` of one                                         |
| a list as `type`, if there is none   | a union                                                  |
| `not`, `if`, `contains`, …           | nothing                                                  |
| tuples                               | `items`: one of what may stand anywhere in them          |
| a property that may be absent        | where all are required: it may be null (null_members.py) |
| further members that are not spoken of | where objects must be closed: none                     |

Where that would lose something that the schema speaks of (a map of any names, a value of any type,
recursion), the dialect cannot say it, which is a `NotInDialect`: then the next mode is asked.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from strictgate.core.schema import dialect_limits
from strictgate.core.schema.dialect_parts import (
    UNTAKEN,
    AllowsNothing,
    AppliedSchema,
    NotInDialect,
    SchemaParts,
    UnsaidRoot,
    item_schemas,
    member_schemas,
    restricts_only,
)
from strictgate.core.schema.dialect_values import (
    allowed_types,
    implied_types,
    left_out_note,
    limits,
    option_schemas,
    options,
    says_options,
)
from strictgate.core.schema.dialects import Dialect, Objects
from strictgate.core.schema.drafts import Draft
from strictgate.core.value_type import value_type

_MAX_BRANCHES = 24  # of unions that are multiplied with each other
_MAX_SCHEMAS = 1500  # of one compiled schema, which references in place of each other can blow up
_NULL = {"type": "null"}
_TELLING = ("title", "description", "default", "examples")


@value_type
class CompiledSchema:
    """A schema in a dialect."""

    source: dict[str, Any]
    left_out: tuple[str, ...]
    """The keywords that it does without."""
    has_nulls: bool
    """What may be absent is null in it."""
    is_told: bool
    """Its descriptions tell what is left out, as far as that is short."""
    left_out_at: tuple[str, ...] = ()


def compile_schema(document: Any, draft: Draft, dialect: Dialect) -> CompiledSchema:
    """Write an admitted schema down to a dialect.

    Args:
        document: the schema as it is meant, of whose root objects alone are valid.
        draft: what it is read in.

    Raises:
        NotInDialect: the dialect cannot say it.
    """
    compiler = _Compiler(document, draft, dialect)
    try:
        source = compiler.root(document)
    except AllowsNothing as nothing:
        raise NotInDialect("a schema that allows nothing") from nothing
    dialect_limits.check_limits(source, dialect)
    left_out = tuple(sorted(compiler.left_out))
    return CompiledSchema(source, left_out, compiler.has_nulls, dialect.notes)


class _Compiler:
    """Compiles one document."""

    def __init__(self, document: Any, draft: Draft, dialect: Dialect) -> None:
        self._document = document
        self._dialect = dialect
        self._parts = SchemaParts(document, draft)
        self._names: dict[int, str] = {}
        """Of what references lead to, by its identity."""
        self._definitions: dict[str, Any] = {}
        self._open: set[tuple[int, ...]] = set()
        """What is being compiled; who comes upon it again is recursive."""
        self._defining: set[int] = set()
        self._count = 0
        self.left_out: set[str] = set()
        self.has_nulls = False

    def root(self, document: Any) -> dict[str, Any]:
        """Return the compiled document."""
        if not isinstance(document, dict):
            raise NotInDialect("a schema that allows anything")
        self._defining.add(id(document))
        parts = self._parts.parts(document)  # not a mere reference: a root must show what it is
        source = self._open_once(parts)
        if self._dialect.needs_type and source.get("type") != "object":
            raise UnsaidRoot("a root that is not said to be an object")
        return source | ({"$defs": self._definitions} if self._definitions else {})

    def _compiled(self, schemas: Sequence[Any]) -> dict[str, Any]:
        """Return what all of `schemas` allow, in the dialect."""
        if len(schemas) == 1 and (reference := self._reference(schemas[0])):
            return reference
        return self._open_once([part for each in schemas for part in self._parts.parts(each)])

    def _open_once(self, parts: Sequence[AppliedSchema]) -> dict[str, Any]:
        parts = list({part.origin: part for part in parts}.values())
        key = tuple(sorted(part.origin for part in parts))
        self._count += 1
        if key in self._open and key:
            raise NotInDialect("recursion")
        if self._count > _MAX_SCHEMAS:
            raise NotInDialect("so many schemas")
        self._open.add(key)
        try:
            return self._described(parts, self._combined(parts))
        finally:
            self._open.discard(key)

    def _combined(self, parts: Sequence[AppliedSchema]) -> dict[str, Any]:
        self.left_out |= {name for part in parts for name in part.keywords.keys() & UNTAKEN}
        unions = [union for part in parts for union in part.unions]
        return self._union(parts, unions) if unions else self._plain(parts)

    # --- references ------------------------------------------------------------------------------

    def _reference(self, schema: Any) -> dict[str, Any] | None:
        """Return `schema` as a reference, if it is one and the dialect has them."""
        target = self._parts.lone_target(schema)
        if target is None or not self._dialect.refs:
            return None
        if target.schema is self._document:
            name = "#"
        else:
            name = f"#/$defs/{self._defined(target.schema, target.path)}"
        if id(target.schema) in self._defining and not self._dialect.recursion:
            raise NotInDialect("recursion")
        reference = {"$ref": name}
        if self._dialect.beside_ref and "description" in schema and self._keeps("description"):
            reference["description"] = schema["description"]
        return reference

    def _defined(self, schema: dict[str, Any], path: Sequence[str | int]) -> str:
        """Return the name of a definition, which is made where there is none yet."""
        name = self._names.get(id(schema))
        if name is None:
            wanted = "".join(each if each.isalnum() else "_" for each in str(path[-1])) or "_"
            name = wanted
            while name in self._definitions:
                name = f"{wanted}_{len(self._definitions)}"
            self._names[id(schema)] = name
            self._definitions[name] = {}
            self._defining.add(id(schema))
            around, self._open = self._open, set()
            self._definitions[name] = self._compiled([schema])
            self._open = around
            self._defining.discard(id(schema))
        return name

    # --- unions ----------------------------------------------------------------------------------

    def _union(
        self, parts: Sequence[AppliedSchema], unions: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Return the union of what `parts` and a branch of each of `unions` allow together."""
        bases = [part.without_unions() for part in parts]
        kept = [union for union in unions if not restricts_only(union)]
        if len(kept) < len(unions):
            self.left_out.add("anyOf")
        if not kept:
            return self._plain(bases)
        choices = list(product(*kept))
        if len(choices) > max(_MAX_BRANCHES, max(map(len, kept))):
            raise NotInDialect("unions of unions")
        is_bare = len(kept) == 1 and not any(part.constrains for part in bases)
        branches: list[dict[str, Any]] = []
        for choice in choices:
            try:
                if is_bare:
                    branch = self._compiled(choice)
                else:
                    own = [part for each in choice for part in self._parts.parts(each)]
                    branch = self._open_once([*bases, *own])
            except AllowsNothing:
                continue
            inner = branch["anyOf"] if branch.keys() == {"anyOf"} else [branch]
            branches += [each for each in inner if each not in branches]
        return self._any_of(branches)

    def _any_of(self, branches: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if not branches:
            raise AllowsNothing
        if len(branches) == 1:
            return branches[0]
        if not self._dialect.unions:
            raise NotInDialect("a union")
        return {"anyOf": list(branches)}

    # --- one schema ------------------------------------------------------------------------------

    def _plain(self, parts: Sequence[AppliedSchema]) -> dict[str, Any]:
        """Return what `parts`, which have no unions, allow together."""
        values = options(parts)
        if values is not None:
            is_const = any("const" in part.keywords for part in parts)
            schemas = option_schemas(values, self._dialect, is_const=is_const)
            if not all(map(says_options, schemas)):
                self.left_out.add("enum")
            if schemas:
                return self._any_of(schemas)
            self.left_out.add("enum")
        types = allowed_types(parts)
        if types is None and self._dialect.needs_type:
            types = implied_types(parts)
        if types is None:
            return self._typed(parts, None)
        if self._dialect.takes_types(types):
            return self._typed(parts, types)
        return self._any_of([self._typed(parts, (kind,)) for kind in types])

    def _typed(
        self, parts: Sequence[AppliedSchema], types: tuple[str, ...] | None
    ) -> dict[str, Any]:
        """Return what `parts` allow of `types`, or of any type."""
        about = types or ("object", "array", "string", "number")
        schema: dict[str, Any] = {}
        if types is not None:
            schema["type"] = types[0] if len(types) == 1 else list(types)
        if "object" in about:
            schema |= self._object(parts, is_certain=types is not None)
        kept, left_out = limits(parts, about, self._dialect)
        if "array" in about:
            schema |= self._array(parts, kept, is_certain=types is not None)
        self.left_out |= left_out.keys()
        note = left_out_note(left_out) if self._dialect.notes and self._keeps("description") else ""
        return schema | kept | ({"description": note} if note else {})

    def _described(self, parts: Sequence[AppliedSchema], schema: dict[str, Any]) -> dict[str, Any]:
        """Return `schema` with what describes it in the outermost part that does."""
        if "$ref" in schema:
            return schema
        told = dict(schema)
        for name in _TELLING if "anyOf" not in schema else ("description",):
            given = next((p.keywords[name] for p in parts if name in p.keywords), None)
            if given is None or not self._keeps(name):
                continue
            is_more = name == "description" and isinstance(given, str)
            note = schema.get(name, "") if is_more else ""
            told[name] = f"{given}\n\n{note}" if note and note not in given else given
        return told

    def _keeps(self, keyword: str) -> bool:
        return keyword in self._dialect.keeps

    def _array(
        self, parts: Sequence[AppliedSchema], kept: dict[str, Any], *, is_certain: bool
    ) -> dict[str, Any]:
        """Return what `parts` say of the items of an array; `kept`: of its length, which a tuple
        may limit, too."""
        try:
            branches = self._item_branches(parts, kept)
        except AllowsNothing:
            kept |= {"maxItems": 0} if self._keeps("maxItems") else {}
            branches = []
        items = self._any_of(branches) if branches and all(branches) else {}
        if not items and self._dialect.needs_items and is_certain:
            raise NotInDialect("an array of anything")
        return {"items": items} if items else {}

    def _item_branches(
        self, parts: Sequence[AppliedSchema], kept: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the schemas one of which each item has: the order of a tuple is left out."""
        groups, most = item_schemas(parts, kept.get("maxItems"))
        self.left_out |= {"prefixItems"} if any(part.places for part in parts) else set()
        kept |= {} if most is None or not self._keeps("maxItems") else {"maxItems": most}
        branches: list[dict[str, Any]] = []
        for group in groups:
            branch = self._compiled(group)
            branches += [branch] if branch not in branches else []
        return branches

    # --- objects ---------------------------------------------------------------------------------

    def _object(self, parts: Sequence[AppliedSchema], *, is_certain: bool) -> dict[str, Any]:
        """Return what `parts` say of the members of an object."""
        required = list(dict.fromkeys(name for part in parts for name in part.required))
        named = list(dict.fromkeys(name for part in parts for name in part.properties))
        properties: dict[str, Any] = {}
        for name in named:
            try:
                properties[name] = self._compiled(member_schemas(parts, name))
            except AllowsNothing:
                if name in required:
                    raise
        if not properties and not is_certain and not required:
            return {}
        further = self._further(parts, named, required, is_named=bool(properties))
        if self._dialect.requires_all:
            properties = {
                name: each if name in required else self._or_null(each)
                for name, each in properties.items()
            }
            required = list(properties)
        elif self._dialect.needs_type:
            required = [name for name in required if name in properties]
        schema: dict[str, Any] = {"properties": properties} if properties else {}
        if self._dialect.objects.holds_named_only and not properties:
            schema["properties"] = {}
        if required or self._dialect.requires_all:
            schema["required"] = required
        return schema | further

    def _further(
        self,
        parts: Sequence[AppliedSchema],
        named: Sequence[str],
        required: Sequence[str],
        *,
        is_named: bool,
    ) -> dict[str, Any]:
        """Return what is said of members without a name; see Objects."""
        objects = self._dialect.objects
        is_closed = any(part.is_closed for part in parts)
        schemas = [
            part.keywords["additionalProperties"]
            for part in parts
            if "additionalProperties" in part.keywords
        ]
        has_patterns = any(part.patterns for part in parts)
        is_map = not is_closed and (bool(schemas) or has_patterns or not named)
        if objects.holds_named_only:
            hidden = {name for part in parts for name in part.hidden_names()} - {*named}
            if is_map or (not is_closed and (hidden or {*required} - {*named})):
                raise NotInDialect("an object with members of any name")
            return {"additionalProperties": False} if objects is Objects.CLOSED else {}
        if is_closed:
            return {"additionalProperties": False}
        if not is_map or (objects is Objects.AS_WRITTEN and not schemas):
            return {}
        if has_patterns or not schemas or schemas == [True]:
            return {"additionalProperties": True}
        try:
            return {"additionalProperties": self._compiled(schemas) or True}
        except NotInDialect:  # a schema that allows anything
            return {"additionalProperties": True}

    def _or_null(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return `schema`, which allows null, too."""
        branches = schema.get("anyOf", [schema])
        if _NULL in branches or _has_null(schema):
            return schema
        self.has_nulls = True
        kind = schema.get("type")
        if self._dialect.type_lists and isinstance(kind, str) and not {"enum", "const"} & {*schema}:
            return schema | {"type": [kind, "null"]}
        if "anyOf" in schema:
            return schema | {"anyOf": [*branches, dict(_NULL)]}
        if not self._dialect.unions:
            raise NotInDialect("a property that may be absent")
        return {"anyOf": [schema, dict(_NULL)]}


def _has_null(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind and "enum" not in schema)

r"""What common tools write that no draft of JSON Schema knows, read as they mean it.

    spelling                            who writes it                      read as
    `"nullable": true`, `"x-nullable"`  OpenAPI 3.0, and 2                 or null
    `"pattern": null`, of any keyword   serializers of C#, Go and others   not there
    `\A`, `\z`, `\Z` in a pattern       Python, .NET                       `^` and `$`

By the letter the first says nothing, and the others are errors. So the first is read like this only
where the schema declares no draft: who declares one means its letter. `const` and `default` may be
null. The copy is for the validator and the grammar; a model is shown what the caller wrote.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from strictgate.core.jsontext.pointer import pointer
from strictgate.core.schema.drafts import ANNOTATIONS, ENFORCED, walk_subschemas

_NULL = {"type": "null"}
_NULLABLE = ("nullable", "x-nullable")
_NEVER_NULL = (ENFORCED | ANNOTATIONS) - {"const", "default"}
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_IN_PLACE = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "const", *_REFERENCES))
"""Keywords that null has to pass as well, so that a further type does not let it."""
_STAYING = ANNOTATIONS - {"contentSchema"}
"""Keywords that stay where they are when the others move into a union."""
_PATTERN_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_ANCHORS = {r"\A": "^", r"\z": "$", r"\Z": "$"}
_ANCHOR = re.compile(r"\\[AzZ]")


def as_meant(document: Any, *, is_declared: bool) -> Any:
    """Return a schema in the words of JSON Schema: a copy, if that changes any.

    Args:
        document: a schema within the limits; it need not be a valid one.
        is_declared: it says itself which draft it is written in.
    """
    rewrites = _REWRITES[is_declared:]
    if not any(is_used(each) for _, each in walk_subschemas(document) for is_used, _ in rewrites):
        return document
    copy = deepcopy(document)
    schemas = [*walk_subschemas(copy)]
    targets = [target for _, each in schemas for target in _targets(each)]
    for path, schema in reversed(schemas):  # from the inside out
        for is_used, rewrite in rewrites:
            if is_used(schema):
                prefix = f"#{pointer(path)}/"
                inside = {each.removeprefix(prefix) for each in targets if each.startswith(prefix)}
                rewrite(schema, {each.split("/")[0] for each in inside})
    return copy


def _targets(schema: dict[str, Any]) -> list[str]:
    return [schema[name] for name in _REFERENCES if isinstance(schema.get(name), str)]


def _is_nullable(schema: dict[str, Any]) -> bool:
    return any(schema.get(name) is True for name in _NULLABLE)


def _allow_null(schema: dict[str, Any], referred: set[str]) -> None:
    """Let null be valid too; `referred`: the keywords into which something refers, whose place is
    not to change."""
    for name in _NULLABLE:
        schema.pop(name, None)
    if schema.keys().isdisjoint(_IN_PLACE):
        types, options = schema.get("type"), schema.get("enum")
        if types is not None and "null" not in (types, *types):
            schema["type"] = [*([types] if isinstance(types, str) else types), "null"]
        if isinstance(options, list) and None not in options:
            schema["enum"] = [*options, None]
    elif referred <= _STAYING:
        moved = {name: schema.pop(name) for name in list(schema) if name not in _STAYING}
        schema["anyOf"] = [moved, dict(_NULL)]


def _has_nulls(schema: dict[str, Any]) -> bool:
    return any(value is None and name in _NEVER_NULL for name, value in schema.items())


def _drop_nulls(schema: dict[str, Any], _: set[str]) -> None:
    for name in [name for name, value in schema.items() if value is None and name in _NEVER_NULL]:
        del schema[name]


def _has_anchors(schema: dict[str, Any]) -> bool:
    pattern = schema.get("pattern")
    return isinstance(pattern, str) and _ANCHOR.search(pattern) is not None


def _spell_anchors(schema: dict[str, Any], _: set[str]) -> None:
    spelt = lambda token: _ANCHORS.get(token[0], token[0])  # noqa: E731
    schema["pattern"] = _PATTERN_TOKEN.sub(spelt, schema["pattern"])


_Rewrite = tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], set[str]], None]]
_REWRITES: tuple[_Rewrite, ...] = (
    (_is_nullable, _allow_null),
    (_has_nulls, _drop_nulls),
    (_has_anchors, _spell_anchors),
)
"""Whether a schema object has a spelling, and the change to it in place; the first is for schemas
that declare no draft."""

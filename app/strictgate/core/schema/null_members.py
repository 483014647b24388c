"""Members that are null because they are absent: what dialects have for optional properties.

Where every property must be required (`requires_all` in dialects.toml), the compiled schema lets
one be null that the caller's schema lets be absent. A document that was asked for so is read back:
a member that is null, need not be there and may not be null by the caller's schema is taken for
absent. Whether the document is valid then, is judged as always.

What the schemas of the members say is not all: one branch of a union may name a member, and another
one, which the value meets, leave it open. So a document that is valid as it stands is not touched,
and a null is put back where the document is valid with it, too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from strictgate.core.jsontext import spans
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.jsontext.spans import ValueSpan
from strictgate.core.schema.references import Node
from strictgate.core.schema.root_wrapper import WRAPPER_PROPERTY, is_wrapped
from strictgate.core.schema.schema import Schema

_MAX_STEPS = 64  # schemas that apply to one value
_MAX_PUT_BACK = 16  # members; each takes one more validation
_ONE_OF = ("anyOf", "oneOf")
_TESTS = ("not", "if")


def without_null_members(text: str, schema: Schema, *, wrapped: bool) -> tuple[str, list[Path]]:
    """Return `text` without the members that stand for absent ones, and where these were.

    All other characters stay as they are; a text that is not strict JSON stays whole.

    Args:
        schema: the caller's.
        wrapped: the document may stand in its wrapper; paths are within the document.
    """
    if "null" not in text:
        return text, []
    try:
        value = parse_json(text)
    except NotJSON:
        return text, []
    base: Path = ()
    if wrapped and is_wrapped(value):
        value, base = value[WRAPPER_PROPERTY], (WRAPPER_PROPERTY,)
    root = schema.inspected.root
    found = list(_absent(value, [root] if root else [], ()))
    if not found or schema.is_valid(value):
        return text, []
    found = _never_null(value, found, schema)
    return _cut_out(text, [(*base, *path) for path in found]), found


def _never_null(value: Any, found: Sequence[Path], schema: Schema) -> list[Path]:
    """Return those of the members at `found` without which `value` is valid, and not with them.

    `value` is changed. Where there are many, or it is not valid in either way, these are all.
    """
    objects = [(_at(value, path[:-1]), path) for path in found]
    for each, path in objects:
        del each[path[-1]]
    if len(found) > _MAX_PUT_BACK or not schema.is_valid(value):
        return list(found)
    taken = []
    for each, path in objects:
        each[path[-1]] = None
        if not schema.is_valid(value):
            del each[path[-1]]
            taken.append(path)
    return taken


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _cut_out(text: str, found: Sequence[Path]) -> str:
    """Return `text` without the members at `found`."""
    places = spans.locate_values(text, {path[:-1] for path in found})
    names: dict[Path, set[Any]] = {}
    for path in found:
        names.setdefault(path[:-1], set()).add(path[-1])
    cuts = sorted(cut for path in names for cut in _cuts(places[path], names[path]))
    kept, at = [], 0
    for start, end in cuts:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def _cuts(place: ValueSpan, names: set[Any]) -> Iterator[tuple[int, int]]:
    """Yield what is to be cut out of an object: each member with the comma that goes with it."""
    members = place.members
    first = next((at for at, each in enumerate(members) if each.name not in names), len(members))
    if first and first < len(members):
        yield members[0].key.start, members[first].key.start
    elif first:
        yield members[0].key.start, members[-1].value.end
    for before, each in zip(members[first:], members[first + 1 :], strict=False):
        if each.name in names:
            yield before.value.end, each.value.end


def _absent(value: Any, nodes: Sequence[Node], path: Path) -> Iterator[Path]:
    """Yield the members of `value`, and of what is in it, that stand for absent ones."""
    applied = _applied(nodes)
    if isinstance(value, dict):
        for name, member in value.items():
            if member is None:
                if _stands_for_absent(name, applied):
                    yield (*path, name)
            elif isinstance(member, dict | list):
                yield from _absent(member, _members(applied, name), (*path, name))
    elif isinstance(value, list):
        items = [child for node in applied for step, child in node.children if _is_of_items(step)]
        for index, item in enumerate(value):
            if items and isinstance(item, dict | list):
                yield from _absent(item, items, (*path, index))


def _applied(nodes: Sequence[Node]) -> list[Node]:
    """Return all schemas that apply to the value that `nodes` apply to, or may; what it must not
    match, and what is only asked of it, says nothing of what its members may be."""
    found = {id(node): node for node in nodes}
    waiting = list(nodes)
    while waiting and len(found) < _MAX_STEPS:
        above = waiting.pop()
        tested = [id(above.schema[name]) for name in _TESTS if name in above.schema]
        for node in above.in_place:
            if id(node) not in found and id(node.schema) not in tested:
                found[id(node)] = node
                waiting.append(node)
    return list(found.values())


def _is_of_items(step: Path) -> bool:
    return step[0] in ("items", "prefixItems", "additionalItems")


def _members(applied: Sequence[Node], name: str) -> list[Node]:
    """Return the schemas of a member; of one that is not named, those of further ones."""
    named = [child for node in applied for step, child in node.children if step == _place(name)]
    return named or [
        child
        for node in applied
        for step, child in node.children
        if step[0] in ("additionalProperties", "patternProperties")
    ]


def _place(name: str) -> Path:
    return ("properties", name)


def _stands_for_absent(name: str, applied: Sequence[Node]) -> bool:
    """Whether one of the schemas lets the member be absent, and none lets it be null."""
    told = [
        (name in (node.schema.get("required") or ()), child)
        for node in applied
        for step, child in node.children
        if step == _place(name)
    ]
    return not all(is_required for is_required, _ in told) and not any(
        _allows_null(child, _MAX_STEPS) for _, child in told
    )


def _allows_null(node: Node, steps: int) -> bool:
    """Whether null may be valid, as far as types, options and unions say."""
    schema, given = node.schema, node.schema.get("type", "null")
    if steps == 0 or node.is_mere_reference:
        return steps == 0 or node.target is None or _allows_null(node.target, steps - 1)
    if given != "null" and not (isinstance(given, list) and "null" in given):
        return False
    if None not in schema.get("enum", [None]) or schema.get("const") is not None:
        return False
    below = {id(child.schema): child for child in node.in_place}
    if node.target is not None and not _allows_null(node.target, steps - 1):
        return False
    branches = [
        [below.get(id(branch)) for branch in schema[keyword]]
        for keyword in _ONE_OF
        if keyword in schema
    ]
    merged = [below[id(each)] for each in schema.get("allOf", ()) if id(each) in below]
    return all(
        any(each is None or _allows_null(each, steps - 1) for each in union) for union in branches
    ) and all(_allows_null(each, steps - 1) for each in merged)

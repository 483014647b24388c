"""Members that a valid document lacks, though the request tells their values.

A weak model often ends an object before all is written, and the document is valid, for the members
are optional. Where the request tells a value of one by name, and the model itself weighed going on
at the bracket, the member is opened there, and the model writes its value.

So it is with the items of an array, of which the request tells more by their indices.

Others write the members of an object one level too high, where the schema allows any name: `_meta`
in place of `params`, of which the request tells `params._meta`. Then the object takes the place of
the first of them.

What the model then writes is taken only if the document has all that it had, with the same values,
and nothing that the request does not tell; else it stays as it was.
"""

from collections import ChainMap, Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from math import exp
from typing import Any

from strictgate.core.guard.logprob_steering import weighed
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.token_scores import TokenScores
from strictgate.core.guard.told_names import ToldNames
from strictgate.core.guard.undeclared_name import LEAST
from strictgate.core.jsontext.lexer import BLANKS
from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.reader import write_json
from strictgate.core.jsontext.spans import ContainerSpan, locate_containers
from strictgate.core.output.grounding import Source
from strictgate.core.schema.subschema import dereferenced, subschema_at
from strictgate.core.value_type import value_type

REASON = "the request tells a value that the document does not have"
MOST_DOCUMENT = 16 << 10
"""Bytes of a document that is looked at."""
_MOST_NAMES = 256  # properties of an object, all of which are looked at
_BRANCHES = ("allOf", "anyOf", "oneOf")
_MOST_BRANCHES = 16
_MOST_LOOKS = 64  # members that it lacks, for each of which the model's alternatives are looked at
_COMMA = b","


@value_type
class LeftOut:
    """A member that an object lacks, or an item that an array does."""

    path: Path
    """Of the object, or the array."""
    name: str | None
    """None: it is an item."""
    at: int
    """Where it is to be opened, in bytes of the document: behind the value of another one, or
    behind the opening bracket."""
    misplaced: str = ""
    """A member of the object that belongs into it; "": none does."""
    length: int = 0
    """How many items of the array are told."""


def left_out(document: PartialDocument, told: ToldNames) -> LeftOut | None:
    """Return the first member or item that the document, which is whole, lacks and may have; None
    where there is none, or the model did not think of going on there."""
    if not told.within or len(document) > MOST_DOCUMENT:
        return None
    data = document.guard.text
    text = data.decode()
    for place, name, declared in islice(_lacking(document, text, told), _MOST_LOOKS):
        index = None if name is None else _misplaced(name, place, told, declared)
        at = len(text[: place.ends[-1 if index is None else index]].encode())
        if at < document.released:
            continue
        if index is not None and place.names is not None:
            return LeftOut(place.path, name, at, place.names[index])
        if weighs_more(document.scores, data, at, len(text[: place.end].encode())):
            return LeftOut(place.path, name, at, length=told.length(place.path))
    return None


def _lacking(
    document: PartialDocument, text: str, told: ToldNames
) -> Iterator[tuple[ContainerSpan, str | None, Collection[str]]]:
    """Yield the objects that lack a declared member which the request tells, each with its name and
    those that are declared; and the arrays that lack items, without."""
    places = [each for each in locate_containers(text) if len(each.ends) > 1]
    counts = Counter(name for each in places for name in each.names or ())
    of_schema: dict[tuple[int, ...], list[str]] = {}
    source = document.guard.schema.source
    for each in places:
        if each.names is None:
            if told.length(each.path) >= len(each.ends):
                yield each, None, ()
            continue
        declared = _declared(source, each.path)
        key = tuple(map(id, declared.maps))
        if key not in of_schema:
            of_schema[key] = [name for name in told.within if name in declared]
        for name in of_schema[key]:
            if name not in each.names and told.tells(name, each.path, counts[name]):
                yield each, name, declared


def _declared(source: Any, path: Path) -> ChainMap[str, Any]:
    """Return the properties that an object at `path` may have, those of each branch too, if they
    are few."""
    schema = subschema_at(source, path) or {}
    branches = [each for key in _BRANCHES for each in schema.get(key) or ()][:_MOST_BRANCHES]
    ways = [schema, *(dereferenced(source, each) for each in branches)]
    properties = [each.get("properties") for each in ways if isinstance(each, Mapping)]
    return ChainMap(
        *(
            each  # type: ignore[arg-type]  # they are only looked at
            for each in properties
            if isinstance(each, Mapping) and len(each) <= _MOST_NAMES
        )
    )


def _misplaced(
    name: str, place: ContainerSpan, told: ToldNames, declared: Collection[str]
) -> int | None:
    """Return which member of the object belongs into its member `name`, which it lacks: one that
    the schema does not declare, and of which the request tells nothing but that."""
    for index, each in enumerate(place.names or ()):
        if each not in declared and set(told.within.get(each, ())) == {name}:
            return index
    return None


def weighs_more(scores: TokenScores, text: bytes, start: int, end: int) -> bool:
    """Whether the model thought of another member where it ended an object.

    Args:
        scores: of the document `text`.
        start: where the object's last member ends.
        end: behind its bracket.
    """
    weight, behind = 1.0, start - 1
    for at, token in scores.between(start - 1, end):
        if at > behind or not text.startswith(token.data, at):  # some is not the model's
            break
        before = text[at:start]
        for data, logprob in weighed(token.entry):
            rest = data[len(before) :].lstrip(BLANKS)
            is_comma = data.startswith(before) and rest.startswith(_COMMA)
            if is_comma and weight * exp(min(logprob, 0.0)) >= exp(LEAST):
                return True
        weight *= exp(min(token.logprob or 0.0, 0.0))
        behind = at + len(token.data)
    return False


def adds_what_is_told(before: Any, after: Any, wanted: LeftOut, text: str) -> bool:
    """Whether the document `after` has what was `wanted`, all of `before` with the same values, and
    beside it only what `text` says."""
    owner = _at(after, wanted.path)
    if wanted.name is None:
        length = len(_at(before, wanted.path))
        has_it = isinstance(owner, list) and length < len(owner) <= wanted.length
    else:
        has_it = isinstance(owner, dict) and wanted.name in owner
    if not has_it:
        return False
    if wanted.misplaced and wanted.name is not None:
        moved = _at(before, wanted.path)[wanted.misplaced]
        before = _moved(before, wanted.path, wanted.misplaced, {wanted.name: moved})
    source = Source(text, {})
    try:
        return all(_is_told(each, source) for each in _added(before, after))
    except _LostError:
        return False


def _is_told(value: Any, source: Source) -> bool:
    """Whether a text says all that `value` does, names and strings to the letter. Whether something
    is true says too little to be looked for."""
    match value:
        case dict():
            return all(_is_told(each, source) for item in value.items() for each in item)
        case list():
            return all(_is_told(each, source) for each in value)
        case str():
            return value in source.text or write_json(value)[1:-1] in source.text
        case _:
            return next(source.beyond(value), None) is None


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = (_parts(value) or {}).get(step)
    return value


def _moved(value: Any, path: Path, name: str, instead: Mapping[str, Any]) -> Any:
    """Return `value` with what belongs into an object in it, where the object at `path` has it."""
    if not path:
        inner, moved = next(iter(instead.items()))
        rest = {key: each for key, each in value.items() if key != name}
        return {**rest, inner: {name: moved}}
    below = _moved(value[path[0]], path[1:], name, instead)
    if isinstance(value, list):
        return [below if index == path[0] else each for index, each in enumerate(value)]
    return {**value, path[0]: below}


class _LostError(Exception):
    """A document lacks what another one has."""


def _added(before: Any, after: Any) -> Iterator[Any]:
    """Yield what `after` has beside `before`: members, each as an object, and items.

    Raises:
        _LostError: it does not have all of `before`.
    """
    was, has = _parts(before), _parts(after)
    if type(before) is not type(after) or was is None or has is None:
        if type(before) is not type(after) or before != after:
            raise _LostError
        return
    if not was.keys() <= has.keys():
        raise _LostError
    for key, each in has.items():
        if key in was:
            yield from _added(was[key], each)
        else:
            yield {key: each} if isinstance(key, str) else each


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """Return the members of an object by name, the items of an array by index; else None."""
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else None

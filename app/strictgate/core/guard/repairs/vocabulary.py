"""The words of a schema: what a name or value may be meant to be that differs in case or blanks."""

from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Any

from strictgate.core.jsontext.reader import parse_leniently
from strictgate.core.output.coercions import fold
from strictgate.core.schema.schema import Schema

_Words = dict[str, tuple[str, ...]]


def names(schema: Schema, word: str) -> tuple[str, ...]:
    """Return the property names that `schema` declares, wherever, and that `word` may mean."""
    return _names(schema.text).get(fold(word), ())


def meant(schema: Schema, word: str | None, present: Container[object]) -> list[str]:
    """Return those of these names that are not `present`."""
    found = names(schema, word) if word is not None else ()
    return [each for each in found if each != word and each not in present]


def options(schema: Schema, word: str) -> tuple[str, ...]:
    """Return the strings that `schema` lists as values, wherever, and that `word` may mean."""
    return _options(schema.text).get(fold(word), ())


@lru_cache(16)
def listed(text: str) -> int:
    """Return how many items at most the schema `text` lists one by one."""
    lists = (node.get(each) for node in _objects(text) for each in ("items", "prefixItems"))
    return max((len(each) for each in lists if isinstance(each, list)), default=0)


@lru_cache(16)
def _names(text: str) -> _Words:
    found: list[str] = []
    for node in _objects(text):
        properties = node.get("properties")
        found += properties if isinstance(properties, dict) else ()
    return _folded(found)


@lru_cache(16)
def _options(text: str) -> _Words:
    found: list[Any] = []
    for node in _objects(text):
        listed = node.get("enum")
        found += listed if isinstance(listed, list) else ()
        found.append(node.get("const"))
    return _folded([each for each in found if isinstance(each, str)])


def _objects(text: str) -> Iterator[dict[str, Any]]:
    ahead: list[Any] = [parse_leniently(text.encode())]
    while ahead:
        node = ahead.pop()
        if isinstance(node, dict):
            yield node
            ahead.extend(node.values())
        elif isinstance(node, list):
            ahead.extend(node)


def _folded(words: list[str]) -> _Words:
    folded: dict[str, dict[str, None]] = {}
    for word in words:
        folded.setdefault(fold(word), {})[word] = None
    return {key: tuple(found) for key, found in folded.items()}

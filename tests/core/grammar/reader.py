"""Reads documents by a grammar, as the tests of the compiler do."""

import json
import random
from typing import Any

from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from strictgate.core.grammar.compiler import compile_grammar
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.schema.schema import Formats, Schema, admit
from tests.tables import load

_TOKENS = LLTokenizer("byte", slices=[])
_LIMITS = LLParserLimits(max_items_in_row=20000, verbose_errors=False)


class Reader:
    """A grammar, ready to read."""

    def __init__(self, text: str) -> None:
        self._matcher = LLMatcher(_TOKENS, text, log_level=0, limits=_LIMITS)
        assert not self._matcher.is_error(), self._matcher.get_error()

    def taken(self, text: str) -> int:
        """Return how many bytes of `text` are taken; one more if the document is whole by then."""
        matcher = self._matcher.deep_copy()
        taken = matcher.try_consume_tokens(list(text.encode()))
        assert not matcher.is_error(), matcher.get_error()
        return taken + (taken == len(text.encode()) and matcher.is_accepting())

    def accepts(self, text: str) -> bool:
        return self.taken(text) > len(text.encode())


def groups(name: str) -> list[dict[str, Any]]:
    """Return the groups of the table `name`."""
    return load(f"grammar_{name}")


def description(group: dict[str, Any]) -> str:
    return group["description"].replace(" ", "_")


def check(group: dict[str, Any]) -> None:
    """Check what a group says: the unsupported keywords, and how far each text is read."""
    schema = admit(group["schema"], name="x", formats=Formats(group.get("formats", "assert")))
    grammar = compile_grammar(schema)
    reader = Reader(grammar.text)
    assert sorted(grammar.unsupported_keywords) == group.get("unsupported_keywords", [])
    for text in group["good"]:
        assert schema.is_valid(json.loads(text)), text
        assert reader.accepts(text), (text, reader.taken(text))
    for text, at in group["bad"]:
        assert not _is_valid(schema, text), text
        assert reader.taken(text) == at, text


def _is_valid(schema: Schema, text: str) -> bool:
    try:
        return schema.is_valid(parse_json(text))
    except NotJSON:
        return False


def spellings(value: Any, seed: int = 1) -> list[str]:
    """Return `value` as people write it, also with its members in another order."""
    other = _shuffled(value, random.Random(seed))
    dumps = json.JSONEncoder(ensure_ascii=False).encode
    compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    pretty = json.JSONEncoder(ensure_ascii=False, indent=2).encode
    return [compact(value), dumps(value), pretty(value), compact(other), pretty(other)]


def _shuffled(value: Any, generator: random.Random) -> Any:
    match value:
        case dict():
            members = list(value.items())
            generator.shuffle(members)
            return {name: _shuffled(each, generator) for name, each in members}
        case list():
            return [_shuffled(each, generator) for each in value]
        case _:
            return value

"""The words of a schema: what a name or value may be meant to be that differs in case or blanks."""

from collections.abc import Container, Iterable
from typing import Any

from strictgate.core.guard.schema_features import Features, Words
from strictgate.core.output.coercions import fold


def names(features: Features, word: str) -> tuple[str, ...]:
    """Return the property names that a schema declares, wherever, and that `word` may mean."""
    return _names(features).get(fold(word), ())


def meant(features: Features, word: str | None, present: Container[object]) -> list[str]:
    """Return those of these names that are not `present`."""
    found = names(features, word) if word is not None else ()
    return [each for each in found if each != word and each not in present]


def required(features: Features) -> Words:
    """Return the names that a schema requires, wherever; where it forbids what nothing has
    evaluated, all that it declares: there too a name is refused only when its object ends."""
    if "required" in features.words:
        return features.words["required"]
    schemas = [node.schema for node in features.nodes]
    if any("unevaluatedProperties" in schema for schema in schemas):
        words = _names(features)
    else:
        listed = (schema.get("required") for schema in schemas)
        words = _folded(name for each in listed if isinstance(each, list) for name in each)
    features.words["required"] = words
    return words


def required_instead(features: Features, word: str, present: Container[object]) -> tuple[str, ...]:
    """Return those of these names that are not `present` and that `word` may mean; none, if the
    schema declares `word`."""
    found = required(features).get(fold(word), ())
    if not found or word in found or word in names(features, word):
        return ()
    return tuple(each for each in found if each not in present)


def options(features: Features, word: str) -> tuple[str, ...]:
    """Return the strings that a schema lists as values, wherever, and that `word` may mean."""
    return _options(features).get(fold(word), ())


def _names(features: Features) -> Words:
    if "names" in features.words:
        return features.words["names"]
    declared = (node.schema.get("properties") for node in features.nodes)
    words = _folded(name for each in declared if isinstance(each, dict) for name in each)
    features.words["names"] = words
    return words


def _options(features: Features) -> Words:
    if "options" in features.words:
        return features.words["options"]
    found: list[Any] = []
    for node in features.nodes:
        listed = node.schema.get("enum")
        found += listed if isinstance(listed, list) else ()
        found.append(node.schema.get("const"))
    words = features.words["options"] = _folded(each for each in found if isinstance(each, str))
    return words


def _folded(words: Iterable[str]) -> Words:
    folded: dict[str, dict[str, None]] = {}
    for word in words:
        folded.setdefault(fold(word), {})[word] = None
    return {key: tuple(found) for key, found in folded.items()}

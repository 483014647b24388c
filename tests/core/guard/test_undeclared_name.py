"""Names that a schema does not declare, where that is nearly always a mistake."""

import pytest

from strictgate.core.guard.undeclared_name import DeclaredName, declared_instead, meant_instead
from tests.core.guard.test_logprob_steering import entry, tokens
from tests.core.guards import draft, guard, reading

OPEN = {"type": "object", "properties": {"name": {}, "names": {}, "stat": {}}}
STAT = {"type": "object", "properties": {"url": {}}}
NESTED = {"properties": {"name": {}, "stat": {"$ref": "#/$defs/s"}}, "$defs": {"s": STAT}}
NAMES = (b"name", b"names", b"stat")


@pytest.mark.parametrize(
    ("schema", "path", "name", "meant"),
    [
        (OPEN, (), "type", NAMES),
        (OPEN, (), "name", ()),
        (NESTED, ("stat",), "x", (b"url",)),
        (OPEN | {"additionalProperties": True}, (), "type", ()),
        (OPEN | {"patternProperties": {"x": {}}}, (), "type", ()),
        (OPEN | {"anyOf": [{}]}, (), "type", ()),
        ({"properties": {}}, (), "type", ()),
        ({"properties": {'a"b': {}, "c\\d": {}, "e\n": {}, "f": {}}}, (), "type", (b"f",)),
        (True, (), "type", ()),
        ({"properties": {f"p{each}": {} for each in range(300)}}, (), "type", ()),
    ],
)
def test_the_first_name(schema, path, name, meant):
    """Any declared one may be meant; not where the schema says something of others."""
    assert meant_instead(schema, path, name, {}, is_first=True) == meant


@pytest.mark.parametrize(
    ("name", "present", "meant"),
    [("url", ["name"], (b"stat",)), ("url", ["name", "stat"], ()), ("x", ["name"], ())],
)
def test_a_later_name(name, present, meant):
    """It may be that of a property's property; another one is the model's own."""
    assert meant_instead(NESTED, (), name, present, is_first=False) == meant


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ([entry('{"'), entry("type", "na", "id"), entry('":')], (2, b"na")),
        ([entry('{"'), entry("type", "id", "stat"), entry('":')], (2, b"stat")),
        ([entry("{"), entry(' "type', ' "st', "}"), entry('":')], (1, b' "st')),
        ([entry('{"'), entry("na"), entry("tion", 'me"', "x"), entry('":')], (4, b'me"')),
        ([entry('{"'), entry("name"), entry('less":', 's":')], (6, b's":')),
        ([entry('{"'), entry("type", 'na"', '"', "id"), entry('":')], None),
        ([entry('{"'), entry("name", "stat"), entry('":')], None),
        ([entry('{"'), entry("na", "stat"), entry("tion"), entry('":')], None),
    ],
)
def test_declared_instead(said, instead):
    """The token is replaced with which the name is none of those declared any more."""
    text = "".join(each["token"] for each in said)
    known = tokens(*said)
    start = text.index('"')
    placed = [(token.start, token) for token in known.between(start, len(text))]
    found = declared_instead(guard(OPEN, text), start, NAMES, placed)
    assert found == (DeclaredName(*instead) if instead else None)


def test_what_the_model_hardly_thought_of_is_no_alternative():
    """Nor are the tokens of a text that was mended."""
    unlikely = {"token": "type", "top_logprobs": [{"token": "name", "logprob": -5}]}
    known = tokens(entry('{"'), unlikely, entry('":'))
    placed = [(token.start, token) for token in known.between(1, 9)]
    assert declared_instead(guard(OPEN, '{"type":'), 1, [b"name"], placed) is None
    likely = [(2, tokens(entry("kind", "name")).before(4)[0])]
    assert declared_instead(guard(OPEN, '{"type":'), 1, [b"name"], likely) is None


def read(*entries, schema=NESTED, text=""):
    made = reading(draft(schema, text))
    for each in entries:
        made.tokens.feed(each["token"].encode(), [each])
        made.feed(each["token"])
    return made


def test_a_reading_looks_at_each_name_once():
    """Whether the value behind it has begun or not; at those of a prefix not at all."""
    assert read(entry('{"'), entry("type", "name"), entry('":')).declared
    assert read(entry('{"'), entry("type", "name"), entry('": "a')).declared
    assert not read(entry('{"'), entry("name"), entry('": 1, "'), entry("x", "stat")).declared
    assert not read(entry('{"'), entry("type"), entry('": 1, "'), entry("x", "stat")).declared
    made = read(entry('{"'), entry("stat"), entry('": {"'), entry("x", "url"), entry('":'))
    assert made.declared == DeclaredName(len('{"stat": {"'), b"url")
    first = (entry('{"'), entry("name"), entry('": 1, "'))
    made = read(*first, entry("url", "stat"), entry('": 1}'))
    assert made.declared is None  # it is whole
    made = read(*first, entry("url", "stat"), entry('": 1'))
    assert made.declared == DeclaredName(len('{"name": 1, "'), b"stat")
    made = read(*first, entry("x", "stat"), entry('": 1'))
    assert made.declared is None
    made = read(entry('{"'), entry("stat"), entry('": {}, "'), entry("x", "name"), entry('":'))
    assert made.declared is None


def test_who_cannot_be_led_is_not_looked_at():
    """Nothing would come of it."""
    made = reading(draft(OPEN), leads=False)
    made.tokens.feed(b'{"type":', [entry('{"'), entry("type", "name"), entry('":')])
    made.feed('{"type":')
    assert made.declared is None


def test_a_document_that_is_whole_stays_as_it_is():
    """It came at once, and is valid."""
    made = reading(draft(OPEN))
    made.tokens.feed(b'{"type": 1}', [entry('{"'), entry("type", "name"), entry('": 1}')])
    made.feed('{"type": 1}')
    assert made.declared is None

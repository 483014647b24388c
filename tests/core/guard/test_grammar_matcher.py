"""The grammar engine: bytes of the document in, however they are cut and spelt."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar import compiler
from strictgate.core.grammar.grammar import Grammar, NotExpressible
from strictgate.core.guard.grammar_matcher import CompiledGrammar, GrammarMatcher, load_grammar
from strictgate.core.schema.schema import admit

CLOSED: dict[str, Any] = {"type": "object", "additionalProperties": False}
ORDER = CLOSED | {
    "properties": {
        "mood": {"enum": ["é/è", "😀", 'say "a"', "\u0001\n"]},
        "count": {"enum": [1, 12, None]},
        "text": {"type": "string"},
        "next": {"$ref": "#"},
    },
    "required": ["mood"],
}
MOODS = {"enum": ["é/è", "ég", "😀", "😁!", 'a"', "a\\", "\u0001\n"]}
UNITS = ['"', "a", "é", "g", "😀", "/", "!", r"\"", r"\\", r"\/", r"\n", r"\u00e9", r"\u0001"]
UNITS += [r"\ud83d", r"\ude00", r"\uDE01", r"\u0022", r"\u005C", "\\", r"\u00", r"\ud8", "0"]
LITERALS = st.lists(st.sampled_from(UNITS)).map(lambda units: ('"' + "".join(units)).encode())


def machine(schema: Any) -> CompiledGrammar:
    return load_grammar(compiler.compile_grammar(admit(schema, name="test")))


MACHINES = {name: machine(schema) for name, schema in [("order", ORDER), ("moods", MOODS)]}


def started(schema: Any, text: bytes = b"") -> GrammarMatcher:
    """A matcher that has taken in all of `text`."""
    matcher = machine(schema).start()
    assert matcher.consume(text) == len(text)
    return matcher


def allowed(matcher: GrammarMatcher) -> frozenset[int]:
    """The bytes that it takes next."""
    return frozenset(byte for byte in range(256) if matcher.fork().consume(bytes([byte])))


def state(matcher: GrammarMatcher) -> tuple[Any, ...]:
    """What can be seen of a matcher."""
    return matcher.is_accepting(), allowed(matcher), matcher.forced(), matcher.options()


def taken(matcher: GrammarMatcher, *chunks: bytes) -> int:
    """How many bytes it takes of `chunks`."""
    count = 0
    for chunk in chunks:
        count += (more := matcher.consume(chunk))
        if more < len(chunk):
            break
    return count


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Valid documents of ORDER in any spelling, and some with a byte changed."""
    value: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        names = draw(st.permutations(["mood", "count", "text", "next"]))
        choices = {"mood": ORDER["properties"]["mood"]["enum"], "count": [1, 12, None]}
        choices |= {"text": ["", "a/b\\", "\x7f€"], "next": [value]}
        kept = [name for name in names if name == "mood" or (name, value) != ("next", {})]
        value = {name: draw(st.sampled_from(choices[name])) for name in kept}
    indent, in_ascii = draw(st.sampled_from([None, 1])), draw(st.booleans())
    text = json.dumps(value, ensure_ascii=in_ascii, indent=indent).replace("/", "\\/").encode()
    text = draw(st.sampled_from([b"", b" \n"])) + text + draw(st.sampled_from([b"", b"\n ", b"}"]))
    at = draw(st.integers(0, len(text)))
    changes = [b"", b"", b"", b"\\", b'"', b"e", b" ", b"\xc3"]
    return text[:at] + draw(st.sampled_from(changes)) + text[at:]


@given(documents(), st.data())
def test_every_split_gives_the_same(text: bytes, data: st.DataObject):
    """Whole, byte by byte and in two: as many bytes are taken, and the same may follow."""
    whole, bytewise, halves = (MACHINES["order"].start() for _ in range(3))
    at = data.draw(st.integers(0, len(text)))
    count = taken(whole, text)
    assert taken(bytewise, *(text[i : i + 1] for i in range(len(text)))) == count
    assert taken(halves, text[:at], text[at:]) == count
    assert state(whole) == state(bytewise) == state(halves)


@given(documents(), st.data())
def test_rollback_and_again(text: bytes, data: st.DataObject):
    """A matcher that went back is as one that never went further, and goes on as before."""
    matcher, other = MACHINES["order"].start(), MACHINES["order"].start()
    count = matcher.consume(text)
    back = data.draw(st.integers(0, count))
    expected = state(matcher)
    matcher.rollback(back)
    assert other.consume(text[: count - back]) == count - back
    assert state(matcher) == state(other)
    assert matcher.consume(text[count - back :]) == back
    assert state(matcher) == expected


@given(documents(), documents())
def test_a_fork_goes_its_own_way(text: bytes, other: bytes):
    """What a fork takes in does not show in the matcher that it came from, nor the other way."""
    matcher = MACHINES["order"].start()
    matcher.consume(text)
    before = state(matcher)
    twin = matcher.fork()
    assert state(twin) == before
    twin.rollback(matcher.consume(b""))
    twin.consume(other)
    assert state(matcher) == before


def spellings(character: str) -> list[str]:
    """Every way to write a character in a JSON string, hexadecimal digits small."""
    units = character.encode("utf-16-be").hex()
    found = ["".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))]
    raw = json.dumps(character, ensure_ascii=False)[1:-1]
    return found + ([] if raw.startswith("\\u") else [raw]) + (["\\/"] if character == "/" else [])


def leads_to(text: bytes, value: str) -> bool:
    """Whether `text` begins some spelling of the JSON string `value`."""
    if not value:
        return text in (b"", b'"')
    for spelt in (each.encode() for each in spellings(value[0])):
        head = text[: len(spelt)]
        if spelt.startswith(head) and (
            len(text) <= len(spelt) or leads_to(text[len(head) :], value[1:])
        ):
            return True
    return False


@given(LITERALS)
def test_no_byte_is_refused_too_early_or_too_late(literal: bytes):
    """The first byte refused is the first that no spelling of any of the values goes on with."""
    lower = literal.replace(rb"\uDE", rb"\ude").replace(rb"\u005C", rb"\u005c")
    ends = (
        end
        for end in range(1, len(lower) + 1)
        if any(leads_to(lower[1:end], value) for value in MOODS["enum"])
    )
    assert MACHINES["moods"].start().consume(literal) == max(ends)


@pytest.mark.parametrize(
    ("text", "count", "accepting"),
    [
        (b" \n12", 4, True),
        (b"12 \t\r\n", 6, True),
        (b"12 3", 3, True),
        (b'"a" ', 4, True),
        (b'"a" "', 4, True),
        (b"[1]  ]", 5, True),
        (b"  ", 2, False),
        (b'"a\\', 3, False),
        (b"\\", 0, False),
        (b'"\xff', 1, False),
        (b"", 0, False),
    ],
)
def test_blanks_around_the_document(text: bytes, count: int, accepting: bool):
    """Before the document and behind it blanks are taken in, and nothing else is."""
    matcher = machine({}).start()
    assert matcher.consume(text) == count
    assert matcher.is_accepting() is accepting


@pytest.mark.parametrize(
    ("schema", "text", "forced"),
    [
        ({"enum": ["happy"]}, b"", b'"happy"'),
        (CLOSED | {"properties": {"a": {"const": 1}}, "required": ["a"]}, b"", b'{"a":1}'),
        (CLOSED | {"properties": {"a": {"const": 1}}, "required": ["a"]}, b' {"a" :', b"1}"),
        ({"enum": ["happy", "hapless"]}, b'"', b"hap"),
        ({"enum": ["hé", "hè"]}, b'"', b"h"),
        ({"enum": ['h"\n']}, b'"', b'h\\"\\n"'),
        (
            {"type": "array", "items": {"enum": [True]}, "minItems": 2, "maxItems": 2},
            b"",
            b"[true,true]",
        ),
        ({"type": "array", "prefixItems": [{"const": 2.5}], "minItems": 1}, b"[", b"2.5"),
        (CLOSED | {"properties": {"a": {"enum": [1, 1.5]}}, "required": ["a"]}, b'{"a":1', b""),
        (CLOSED | {"properties": {"a": {"type": "number"}}, "required": ["a"]}, b'{"a":1.0', b""),
        ({"type": "integer"}, b"1", b""),
        ({"type": "string"}, b'"', b""),
        ({"const": "é"}, b'"\\u00', b""),
        ({"const": 1}, b"1 ", b""),
    ],
)
def test_forced(schema: Any, text: bytes, forced: bytes):
    """What must come next is known where there is one way only, and nothing is taken in by it."""
    matcher = started(schema, text)
    before = allowed(matcher)
    assert matcher.forced() == forced
    assert allowed(matcher) == before


@pytest.mark.parametrize(
    ("schema", "text", "options"),
    [
        (MOODS, b'"\xc3', [b'\xa9/\xc3\xa8"', b'\xa9g"']),
        (ORDER, b"{", [b'"count"', b'"mood"', b'"next"', b'"text"']),
        (ORDER, b'{"count"', [b":"]),
        (ORDER, b'{"count": ', [b"1", b"12", b"null"]),
        (ORDER, b'{"count": n', [b"ull"]),
        ({"enum": [1, 10, 1.05, 2.5]}, b"", [b"1", b"1.05", b"10", b"2.5"]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, b"", [b"1", b"2", b"3"]),
        (ORDER, b'{"count":1', [b",", b"2"]),
        (ORDER, b'{"mood": "say ', [b'\\"a\\""']),
        (ORDER, b'{"text": "', []),
        ({"anyOf": [{"type": "object"}, {"const": "a"}]}, b"", [b'"a"', b"{"]),
        ({"enum": [f"value {n}" for n in range(61)]}, b"", []),
        ({"const": "a" * 200}, b"", []),
    ],
)
def test_options(schema: Any, text: bytes, options: list[bytes]):
    """Every way to finish the token that is open or comes next, where they are few and short."""
    matcher = started(schema, text)
    assert sorted(matcher.options()) == sorted(options)
    assert all(matcher.fork().consume(option) == len(option) for option in options)


def test_free_text():
    """A string is free where nearly anything may follow."""
    free = started({"type": "string", "maxLength": 3}, b'"a')
    assert free.is_free()
    assert free.consume(b"bc") == 2
    assert not free.is_free()
    assert not started({"type": "string"}).is_free()
    assert not started({"type": "string", "pattern": "^[a-z]+$"}, b'"a').is_free()


def test_a_number_spelt_otherwise():
    """Where the grammar has plain decimals, a number can be taken in on behalf of its value."""
    matcher = started({"type": "array", "items": {"type": "integer", "minimum": 100}}, b"[")
    assert not matcher.consume_as(b"1e1", b"10")
    assert matcher.consume_as(b"1e2", b"100")
    assert matcher.consume(b"0") == 0
    assert matcher.consume(b"]") == 1
    assert matcher.is_accepting()
    matcher.rollback(4)
    assert matcher.consume(b"1e2") < 3
    assert not matcher.is_broken()


def test_the_way_back_into_such_a_number():
    """It ends where the grammar can follow; where it cannot, the matcher says that it is lost."""
    schema = {"type": "array", "items": {"type": "integer", "minimum": 100}}
    matcher, other = started(schema, b"["), started(schema, b"[")
    assert matcher.consume_as(b"100.0", b"100")
    matcher.rollback(2)
    assert matcher.consume(b"]") == 1
    assert other.consume_as(b"1e2", b"100")
    other.rollback(1)
    assert other.is_broken()
    assert other.consume(b"2") == 0


def test_a_limit_is_no_violation():
    """A grammar that explodes on a document breaks the matcher, which does not raise."""
    matcher = load_grammar(Grammar("start: /[ab]*a[ab]{16}/\n", frozenset(), 1)).start()
    text = bytes(Random(0).choices(b"ab", k=50_000))
    assert matcher.consume(text) < len(text)
    assert matcher.is_broken()
    assert matcher.consume(b"a") == 0
    assert (matcher.options(), matcher.forced()) == ((), b"")


def test_a_grammar_that_is_none():
    """What the engine does not take is not expressible."""
    with pytest.raises(NotExpressible):
        load_grammar(Grammar("start: nowhere\n", frozenset(), 1))

"""The respeller: what each spelling becomes, however the text is cut, and back again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.escape_normalizer import (
    EscapeNormalizer,
    is_beginning,
    is_whole,
    reach,
    respelt,
)
from tests.tables import cases, label

UNITS = [
    *(
        '"',
        "a",
        "é",
        "😀",
        " ",
        ":",
        r"\n",
        r"\"",
        r"\\",
        r"\/",
        "\\",
        "u",
        "0",
        "d8",
        r"\u00",
        r"\u",
    ),
    *(r"\u00e9", r"\u0041", r"\u001F", r"\ud83d", r"\ude00", r"\ud83d\ude00", r"\u0022"),
]
TEXTS = st.lists(st.sampled_from(UNITS)).map(lambda units: "".join(units).encode())


def fed(*chunks: bytes) -> tuple[EscapeNormalizer, bytes]:
    """A respeller that was fed until it did not take everything, and what came of it."""
    respeller, plain = EscapeNormalizer(), b""
    for chunk in chunks:
        before = len(respeller)
        plain += respeller.feed(chunk)
        if len(respeller) - before < len(chunk):
            break
    return respeller, plain


@pytest.mark.parametrize(("group", "test"), cases("respelling"), ids=label)
def test_respelling(group: dict[str, Any], test: dict[str, Any]):
    """Each spelling of a character becomes the one of the grammars; no escape, and it stops."""
    source = test["source"].encode()
    respeller, plain = fed(source)
    assert plain.decode() == test["plain"]
    assert len(respeller) == test.get("taken", len(source))


@given(st.text(), st.booleans())
def test_the_grammar_sees_what_json_dumps_writes(text: str, in_ascii: bool):
    """However a string is escaped, it comes out as `json.dumps(…, ensure_ascii=False)` has it."""
    source = json.dumps(text, ensure_ascii=in_ascii).replace("/", "\\/").encode()
    _, plain = fed(source)
    assert plain == json.dumps(text, ensure_ascii=False).encode()


@given(TEXTS, st.data())
def test_every_split_gives_the_same(text: bytes, data: st.DataObject):
    """Whole, byte by byte and in two: the same text, and the same respeller in the end."""
    whole = fed(text)
    at = data.draw(st.integers(0, len(text)))
    assert fed(*(text[i : i + 1] for i in range(len(text)))) == whole
    assert fed(text[:at], text[at:]) == whole


@given(TEXTS, st.data())
def test_rollback_gives_the_earlier_state(text: bytes, data: st.DataObject):
    """After any way back, the respeller is as if it had never gone further."""
    respeller, plain = fed(text)
    count = data.draw(st.integers(0, len(respeller)))
    kept = bytes(respeller.source[: len(respeller) - count])
    taken_back = respeller.rollback(count)
    assert (respeller, plain[: len(plain) - taken_back]) == fed(kept)


@given(TEXTS, st.data())
def test_a_place_in_the_plain_text_has_one_in_the_source(text: bytes, data: st.DataObject):
    """Up to the place of a plain byte, the source gives all that is before it, and no more."""
    respeller, plain = fed(text)
    at = data.draw(st.integers(0, len(plain)))
    place, escape = respeller.place(at)
    before = fed(bytes(respeller.source[:place]))[1]
    assert plain.startswith(before)
    assert len(before) == at or (escape and len(before) < at < len(before + respelt(escape)))


def test_what_stands_for_something_else():
    """The source keeps what was written, and a way back into it holds its beginning."""
    respeller, _ = fed(b"[")
    respeller.stand_in(b"1e2", b"100")
    respeller.feed(b"]")
    assert (bytes(respeller.source), respeller.plain_length) == (b"[1e2]", 5)
    assert respeller.rollback(2) == 4
    assert (respeller.held, bytes(respeller.source)) == (b"1e", b"[1e")


def test_a_fork_goes_its_own_way():
    """What is fed to a fork does not show in the one that it came from."""
    respeller, _ = fed(rb'"\n\u00')
    twin = respeller.fork()
    twin.feed(b'e9"')
    assert respeller == fed(rb'"\n\u00')[0]
    assert twin == fed(rb'"\n\u00e9"')[0]


@given(st.characters(exclude_categories=["Cs"]), st.data())
def test_a_beginning_reaches_what_it_may_come_to(character: str, data: st.DataObject):
    """Every beginning of a character's escape counts it among those within its reach."""
    code = ord(character)
    units = character.encode("utf-16-be").hex()
    escape = "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)).encode()
    end = data.draw(st.integers(1, len(escape) - 1))
    assert is_whole(escape)
    assert is_beginning(escape[:end])
    assert any(first <= code <= last for first, last in reach(escape[:end]))

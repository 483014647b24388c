"""llguidance behind few words: ranges of characters, and the limits."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.llguidance_matcher import (
    BLOCK,
    MAX_STATES,
    LlguidanceMatcher,
    bits,
    members,
)

ASCII = (1 << 0x80) - 1
CHARACTERS = st.characters(exclude_categories=["Cs"])


def literal(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"


@given(st.lists(CHARACTERS, min_size=1, max_size=3), CHARACTERS, CHARACTERS)
def test_characters_of_a_range(allowed: list[str], first: str, last: str):
    """A range has a character that may follow if one of those allowed lies in it."""
    first, last = min(first, last), max(first, last)
    native = LlguidanceMatcher.load(f"start: /[{''.join(map(literal, allowed))}]/\n")
    expected = any(first <= each <= last for each in allowed)
    assert native.has_character(ord(first), ord(last), among=ASCII) is expected
    assert native.has_character(ord(allowed[0]), ord(allowed[0]), among=ASCII)


def test_which_of_ascii_count():
    """Characters of ASCII that are left out do not count."""
    native = LlguidanceMatcher.load("start: /[ab]/\n")
    assert native.has_character(0, 0x10FFFF, among=bits(b"b"))
    assert not native.has_character(0, 0x10FFFF, among=bits(b"c"))


@given(st.binary())
def test_sets_of_bytes(data: bytes):
    """A set has the bytes that it was made of."""
    assert sorted(members(bits(data))) == sorted(bytes([each]) for each in set(data))


def test_going_ahead_and_back():
    """What was taken in can be taken back, also what closed the document."""
    native = LlguidanceMatcher.load('start: "abc" /[0-9]/\n')
    assert native.run() == b"abc"
    assert native.consume(b"abc1x") == 4
    assert native.is_accepting()
    native.rollback(2)
    assert native.fits(b"c2")
    assert not native.fits(b"c2 ")
    assert sorted(members(native.next())) == [b"c"]


def test_states_are_counted_in_long_texts():
    """A document cannot make the lexer's states grow without end, however much comes at once."""
    native = LlguidanceMatcher.load("start: /[ab]*a[ab]{16}/\n")
    text = bytes(Random(0).choices(b"ab", k=20 * BLOCK))
    assert native.consume(text) < MAX_STATES + 2 * BLOCK
    assert native.is_broken()
    assert native.consume(b"a") == 0


def test_what_is_no_grammar():
    """It is refused with the engine's reason."""
    with pytest.raises(NotExpressible) as refused:
        LlguidanceMatcher.load("start: nowhere\n")
    assert refused.value.reason


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("ab<-+"), st.integers(1, 5))))
def test_forks_share_an_engine_and_not_a_place(steps: list[tuple[int, str, int]]):
    """Whatever the others read and take back, each stands where its own text ends.

    A step names a fork and what it does: `a` and `b` are read, `<` takes back, `-` forgets it,
    `+` forks it.
    """
    native = LlguidanceMatcher.load("start: /[ab]*c/\n")
    native.consume(b"a")
    forks = [(native, "a")]
    for which, action, count in steps:
        at = which % len(forks)
        fork, text = forks[at]
        if action == "+":
            forks.append((fork.fork(), text))
        elif action == "-" and len(forks) > 1:
            del forks[at]
        elif action == "<":
            back = min(count, len(text))
            fork.rollback(back)
            forks[at] = (fork, text[: len(text) - back])
        elif action in "ab":
            assert fork.consume((action * count + "x").encode()) == count
            forks[at] = (fork, text + action * count)
    for fork, text in forks:
        fork.rollback(len(text))
        assert fork.consume(b"abc") == 3
        assert fork.is_accepting()
        fork.rollback(3)
        assert fork.consume(text.encode()) == len(text)


@given(
    st.lists(st.sampled_from(["ab", "a", '"', ", ", "[", "]", "é", "1", "ab" * 40]), max_size=12)
)
def test_a_light_grammar(scraps: list[str]):
    """Bytes that are tried many at once are taken in as they are one by one."""
    grammar = 'start: "[" (item (", " item)*)? "]"\nitem: STR | /[0-9]{1,3}/ | start\n'
    grammar += 'STR: /"[^"]*"/\n'
    light, other = (LlguidanceMatcher.load(grammar, is_light=each) for each in (True, False))
    text = "".join(["[", *scraps]).encode()
    taken = light.consume(text)
    assert taken == other.consume(text)
    assert (light.next(), light.is_accepting()) == (other.next(), other.is_accepting())
    for each in (light, other):
        each.rollback(taken // 2)
    assert light.next() == other.next()
    assert not light.is_broken()

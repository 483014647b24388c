"""The input of a custom tool, as far as its grammar takes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.guard.input_matcher import InputMatcher
from strictgate.core.guard.input_text import InputState
from strictgate.core.repair_steps import Completion, Extraction, Repair, Resumption

PATCH = InputMatcher(
    "lark",
    """start: begin hunk+ end
begin: "*** Begin Patch" LF
end: "*** End Patch" LF?
hunk: "*** Add File: " /(.+)/ LF ("+" /(.*)/ LF)+
%import common.LF
""",
)
GOOD = "*** Begin Patch\n*** Add File: é.txt\n+hi there\n*** End Patch"
CUT = GOOD[:-10]
WRONG = GOOD.replace("+hi", "hi")
ENDLESS = InputMatcher("lark", 'start: "a" " " WORD\nWORD: /[b-z]+/\n%ignore / +/')
"""The engine never comes back where it is asked what may follow the "a"."""


def fed(*pieces, level=Repair.LOSSLESS, matcher=PATCH):
    text = matcher.start(level)
    for piece in pieces:
        text.feed(piece)
    text.flush()
    return text


def seen(text):
    return text.data, text.ahead, text.state, tuple(text.steps), text.problem()


@pytest.mark.parametrize(
    "given_text",
    [
        *(GOOD, f"{GOOD}\n", f"```\n{GOOD}\n```", f"\n ```diff\n{GOOD}\n```\n\n"),
        *(f"{GOOD}\n\n\n", CUT, WRONG, f"{GOOD} and more", f"{GOOD}\n```", f"Sure:\n{GOOD}"),
        *("", " ", "```", "```x", "\ud800", "*** Begin é"),
    ],
    ids=ascii,
)
def test_same_in_every_cut(given_text):
    """A text is the same whole, cut anywhere, and character by character."""
    whole = seen(fed(given_text))

    assert seen(fed(*given_text)) == whole
    for at in range(len(given_text)):
        assert seen(fed(given_text[:at], given_text[at:])) == whole


@given(st.text("*+ BeginPatchEndAddFile:\n`é", max_size=80), st.data())
def test_any_text_in_any_cut(noise, data):
    """The same holds for noise behind any beginning of a good text."""
    given_text = GOOD[: data.draw(st.integers(0, len(GOOD)))] + noise
    at = data.draw(st.integers(0, len(given_text)))

    whole = fed(given_text)
    assert seen(fed(given_text[:at], given_text[at:])) == seen(whole)
    assert seen(fed(*given_text)) == seen(whole)
    if whole.problem() is None:
        assert fed(whole.text).problem() is None


@pytest.mark.parametrize(
    ("given_text", "text", "steps"),
    [
        (GOOD, GOOD, []),
        (f"{GOOD}\n\n", f"{GOOD}\n", [Extraction.BLANKS]),
        (f"```\n{GOOD}\n```", f"{GOOD}\n", [Extraction.FENCE]),
    ],
    ids=["as it is", "blanks", "fence"],
)
def test_around(given_text, text, steps):
    """What may stand around a text is taken off where the grammar has no place for it."""
    judged = fed(given_text)

    assert (judged.state, judged.text) == (InputState.CLOSED, text)
    assert [step.name for step in judged.steps] == steps


def test_stops_at_the_first_byte():
    """What the grammar cannot take is refused where it begins, and no byte of it is kept."""
    text = PATCH.start()
    text.feed(WRONG)

    assert text.state is InputState.VIOLATED
    assert text.text == "*** Begin Patch\n*** Add File: é.txt\n"
    assert text.ahead.startswith(b"hi")


def test_forced():
    """What must follow is written, and named; at level `off` it is not."""
    text = fed("*** Begin Patch\n*** Add File: a\n")
    text.complete()
    assert text.text.endswith("a\n+")
    assert [step.name for step in text.steps] == [Completion.FORCED]
    assert text.resume(exact=False).endswith("+")

    text = fed("*** B", level=Repair.OFF)
    text.complete()
    assert (text.text, text.steps) == ("*** B", [])


def test_finish():
    """A text that has ended is finished only if what is missing must follow."""
    assert PATCH.judged(f"{CUT[:-4]}\n*** E").problem() is None
    assert PATCH.judged(CUT[:-4]).problem() == "it ends too early"
    assert PATCH.judged("*** B").text == "*** B"


def test_what_has_no_end_is_not_written():
    """Where one byte follows another for ever, nothing is forced, and the engine comes back."""
    text = ENDLESS.start()
    text.feed("a ")
    text.complete()

    assert text.text == "a "
    assert ENDLESS.judged("a" + " " * 70_000).problem() == (
        "the grammar is too complex to judge it by"
    )


@pytest.mark.parametrize(
    ("given_text", "prefix"),
    [
        ("*** Begin Patch\n", "*** Begin Patch\n"),
        ("*** Begin Patch\n*** Add File: my fi", "*** Begin Patch\n*** Add File: my"),
        ("*** Begin Patch\n*** Add File: a\n+hello", "*** Begin Patch\n*** Add File: a\n"),
        ("***", "***"),
    ],
)
def test_resume(given_text, prefix):
    """A prefix ends with a line or behind a word; what the caller has stays."""
    text = fed(given_text)
    assert text.resume(exact=False) == prefix
    assert text.data == prefix.encode()
    text.feed(GOOD[len(prefix) :] if GOOD.startswith(prefix) else "")
    assert text.state is InputState.READING

    text = fed(given_text)
    text.released = len(text)
    assert text.resume(exact=False) == given_text


def test_release():
    """What goes out is good, ends with whole characters, and is never given twice."""
    long = GOOD.replace("hi", "é" * 100)
    text, given_out = PATCH.start(), ""
    for piece in long:
        text.feed(piece)
        given_out += text.release()
        assert long.startswith(given_out)
    assert 0 < len(given_out) < len(long)
    text.flush()
    assert given_out + text.release() == long
    assert text.release() == ""


def test_replace():
    """Another token takes the place of the one that was refused, if one fits."""
    text = PATCH.start()
    text.feed("*** Begin Patch\n*** Del")
    assert text.state is InputState.VIOLATED
    assert not text.replace(4, [b" ", b"*** D", b"\xc3"])
    assert text.replace(4, [b"*** D", b"*** A"])
    assert text.text == "*** Begin Patch\n*** A"
    assert [step.name for step in text.steps] == [Resumption.STEERED]
    text.released = len(text)
    assert not text.replace(4, [b"*** A"])


@pytest.mark.parametrize(
    ("definition", "given_text", "expected"),
    [
        ("[0-9]+", "12", True),
        ("[0-9]{2}", "12", False),
        (r"end\n?", "end", False),
        (r"end(\n[a-z]+)?", "end", True),
    ],
)
def test_may_be_cut_off(definition, given_text, expected):
    """A text that could go on may have been cut off, but for one blank at its end."""
    assert InputMatcher("regex", definition).judged(given_text).may_be_cut_off() is expected

"""The model's own next choice."""

import pytest

from strictgate.core.guard.logprob_steering import LogprobTokens, steer, weighed
from tests.core.guards import guard


def entry(token, *others):
    """A log-probability entry; the alternatives in the order of their likelihood."""
    tops = [{"token": other, "logprob": -1.0 - at} for at, other in enumerate(others)]
    return {"token": token, "logprob": -0.5, "top_logprobs": tops[::-1]}


def tokens(*entries):
    made = LogprobTokens()
    for each in entries:
        made.feed(each["token"].encode(), [each])
    return made


def test_tokens_by_place():
    """Each byte belongs to a token; text without entries to none."""
    made = tokens(entry("ab"), entry("cé"))
    made.feed(b"gap", [])
    made.feed(b"x", [entry("x")])
    assert [made.at(at) and made.at(at).data for at in (0, 1, 2, 4, 5, 8)] == [
        b"ab",
        b"ab",
        "cé".encode(),
        "cé".encode(),
        None,
        b"x",
    ]


def test_an_echo_has_no_entries():
    """Where a piece begins with a repeated prefix, the entries belong to its end."""
    made = LogprobTokens()
    made.feed(b'{"a": 1', [entry(" 1")])
    assert made.at(0) is None
    assert made.at(6).data == b" 1"


def test_whole_tokens_only():
    """Of a stretch, those that end within it; none where the text is not covered."""
    made = tokens(entry("ab"), entry("cd"))
    assert [each.data for each in made.whole(0, 3)] == [b"ab"]
    assert made.whole(0, 1) == []
    made.feed(b"gap", [])
    made.feed(b"x", [entry("x")])
    assert made.whole(2, 8) is None
    assert made.whole(2, 6) is None


def test_the_likeliest_that_is_allowed():
    """Blanks and what the guard refuses are passed over."""
    made = guard(text='{"mood": "')
    token = tokens(entry("happy", " ", "glad", "cal", "angry")).at(0)
    assert steer(made, token, 0, 0) == b"cal"
    assert made.text == b'{"mood": "cal'


@pytest.mark.parametrize(
    ("beginning", "taken"),
    [('{"age":', b" "), ('{"age": ', b"4"), ('{"age": 1', b"4"), ('{"notes": [', b'"')],
)
def test_a_blank_before_a_number(beginning, taken):
    """It is a token of its own, behind which the number comes; nowhere else does it tell much."""
    made = guard(text=beginning)
    token = tokens(entry("oops", " {", " ", "4", ",", '"')).at(0)
    assert steer(made, token, 0, 0) == taken
    assert made.text == beginning.encode() + taken


def test_a_token_that_was_half_taken_in():
    """The good beginning of the wrong token makes room for the alternative."""
    made = guard(text='{"mood": "c')
    token = tokens(entry("cross", "angry")).at(0)
    assert steer(made, token, 1, 0) == b"angry"
    assert made.text == b'{"mood": "angry'


@pytest.mark.parametrize(
    ("beginning", "token", "read", "others", "taken"),
    [
        ('{"mood": "calm", "name": "Ann', '"],', 1, (" the", '",', '"}'), '",'),
        ('{"mood": "calm", "name": "Ann', '"],', 1, (" the",), None),
        ('{"mood": "calm", "nam', 'e" =', 2, ('es":', 'e":'), 'e":'),
        ('{"notes": ["a"', "];", 1, (', "b', "],"), "],"),
        ('{"notes": ["a"', "];", 1, (', "b',), None),
    ],
)
def test_what_was_closed_stays_closed(beginning, token, read, others, taken):
    """A name, a string or a container that the token has ended is not written on."""
    made = guard(text=beginning + token[:read])
    steered = steer(made, tokens(entry(token, *others)).at(0), read, 0)
    assert steered == (taken and taken.encode())
    assert made.text == beginning.encode() + (steered or token[:read].encode())


def test_what_is_out_stays():
    """Nothing before the floor is taken back, and without an alternative nothing changes."""
    made = guard(text='{"mood": "c')
    token = tokens(entry("cross", "angry")).at(0)
    assert steer(made, token, 1, len(made.text)) is None
    assert steer(made, tokens(entry("cross", "glad")).at(0), 1, 0) is None
    assert made.text == b'{"mood": "c'


def test_odd_entries():
    """What is no entry has no text; bytes beat a text that cannot show them."""
    half = {"token": "\ufffd", "bytes": [0xC3], "top_logprobs": [None, {"token": 5}]}
    made = LogprobTokens()
    made.feed("é".encode(), [half, {"token": "\ufffd", "bytes": [0xA9]}])
    assert made.at(0).data == b"\xc3"
    made.feed(b"x", [None, 7])
    assert made.at(2) is None


@pytest.mark.parametrize(
    "other",
    [
        *("<|im_end|>", "<|eot_id|>", "<｜end▁of▁sentence｜>", "</s>", "<eos>", "<end_of_turn>"),
        *("[/INST]", "<0xF0>", "bytes:\\xf0\\x9f", "\ufffd", " \ufffd", "\ud83d"),
    ],
)
def test_what_is_no_text_is_not_said(other):
    """A control token, or a part of a character, is not written into a string."""
    made = guard(text='{"notes": ["Bob')
    assert steer(made, tokens(entry("\n", other, " Ross")).at(0), 0, 0) == b" Ross"
    made = guard(text='{"notes": ["Bob')
    assert steer(made, tokens(entry("\n", other)).at(0), 0, 0) is None


def test_a_part_of_a_character_is_not_said():
    """Where a server gives the bytes of one, too: a prefix that ends in it could not be sent."""
    tops = [{"token": "\ufffd", "bytes": [0xF0], "logprob": -0.1}]
    assert weighed({"token": "x", "top_logprobs": tops}) == ()


@pytest.mark.parametrize("tops", [5, True, "ab", {"e": -1}, None, [None, 7, "e"]])
def test_odd_alternatives(tops):
    """What is no list of entries has none."""
    assert weighed({"token": "x", "logprob": -1, "top_logprobs": tops}) == ()


@pytest.mark.parametrize("logprob", [10**400, -(10**400), float("nan"), float("inf"), True, "0"])
def test_odd_probabilities(logprob):
    """What is no number that a float holds is not known, and comes last."""
    tops = [{"token": "odd", "logprob": logprob}, {"token": "good", "logprob": -3}]
    odd = {"token": "x", "logprob": logprob, "top_logprobs": tops}
    assert [data for data, _ in weighed(odd)] == [b"good", b"odd"]
    made = LogprobTokens()
    made.feed(b"x", [odd])
    assert made.at(0).logprob is None

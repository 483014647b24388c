"""Usage adds up, and is found in what is only passed on."""

import pytest

from strictgate.core.wire.usage import MOST_TOKENS, UsageTail, add_usage, token_count, total_tokens


def test_add():
    """Numbers add at any depth; what is no number is kept as it came last; null adds nothing."""
    first = {
        "prompt_tokens": 3,
        "queue_time": 0.5,
        "details": {"cached": 1},
        "tier": "a",
        "x": None,
    }
    second = {
        "prompt_tokens": 4,
        "queue_time": 0.25,
        "details": {"cached": 2, "audio": 1},
        "tier": "b",
    }

    assert add_usage(add_usage({}, first), second) == {
        "prompt_tokens": 7,
        "queue_time": 0.75,
        "details": {"cached": 3, "audio": 1},
        "tier": "b",
        "x": None,
    }


def test_add_nothing():
    """An upstream that tells no usage adds none."""
    assert add_usage({"total_tokens": 1}, None) == {"total_tokens": 1}


def test_tokens():
    """The total counts, where there is one, else its parts."""
    parts = {"prompt_tokens": 3, "completion_tokens": 4}
    cases = ({"total_tokens": 7}, {}, {"total_tokens": "7"}, parts)

    assert [total_tokens(each) for each in cases] == [7, 0, 0, 7]


@pytest.mark.parametrize(
    ("usage", "count"),
    [
        (None, 0),
        ({}, 0),
        ({"prompt_tokens": 7}, 7),
        ({"input_tokens": 8}, 8),
        ({"prompt_tokens": None, "input_tokens": 8}, 8),
        ({"prompt_tokens": True}, 0),
        ({"prompt_tokens": -1}, 0),
        ({"prompt_tokens": "9"}, 0),
    ],
)
def test_token_count(usage, count):
    """The two names of one number; what is none is nothing."""
    assert token_count(usage, "prompt_tokens", "input_tokens") == count


WHOLE = b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":7,"d":{"c":1}},"id":"1"}'
USED = {"prompt_tokens": 7, "d": {"c": 1}}


@pytest.mark.parametrize(
    ("body", "is_stream", "usage"),
    [
        (WHOLE, False, USED),
        (b'{"usage" : {"prompt_tokens":7,"d":{"c":1}}}', False, USED),
        (b'{"content":"\\"usage\\":{}"}', False, None),
        (b'{"usage":null}', False, None),
        (b'{"usage":{nonsense}}', False, None),
        (b"no json", False, None),
        (b"x" * 100_000 + WHOLE, False, USED),
        (b'data: {"usage":{"a":1}}\n\ndata: {"usage":{"a":2}}\n\ndata: [DONE]\n\n', True, {"a": 2}),
        (b'data: {"x":1}\n\ndata: {"usage":null}\n\n', True, {"completion_tokens": 2}),
    ],
)
def test_usage_of_what_is_passed_on(body, is_stream, usage):
    """Near the end, the last that there is; wherever the pieces are cut."""
    whole, by_piece = UsageTail(is_stream=is_stream), UsageTail(is_stream=is_stream)
    whole.feed(body)
    for start in range(0, len(body), 5000):
        by_piece.feed(body[start : start + 5000])

    assert whole.usage() == usage
    assert by_piece.usage() == usage


def test_what_cannot_be_added_up():
    """A number beyond all that an answer can have used counts as the most that one may have."""
    usage = {"prompt_tokens": 10**400, "completion_tokens": 3}
    assert token_count(usage, "prompt_tokens") == total_tokens(usage) == MOST_TOKENS
    assert total_tokens({"total_tokens": 10**30}) == MOST_TOKENS

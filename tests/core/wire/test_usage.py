"""Usage adds up."""

from strictgate.core.wire.usage import add_usage, total_tokens


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

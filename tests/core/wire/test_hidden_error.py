"""Errors inside a 200."""

import pytest

from strictgate.core.wire.hidden_error import error_of_choice, hidden_error, meant_status

GOOD = {"choices": [{"message": {"content": "x"}}]}


@pytest.mark.parametrize(
    ("body", "is_error"),
    [
        ({"error": {"message": "m"}}, True),
        ({"error": "boom", "choices": []}, True),
        ({"choices": None, "base_resp": {"status_code": 2049, "status_msg": "no key"}}, True),
        ({"success": False, "errors": [{"message": "m"}]}, True),
        ({"code": 1302, "msg": "too many"}, True),
        ({"status": "error", "message": "m"}, True),
        ({"object": "error", "message": "m"}, True),
        ({"id": "c", "choices": []}, False),
        ({"type": "ping"}, False),
        ({"choices": [], "usage": {"total_tokens": 3}, "base_resp": {"status_code": 0}}, False),
        (GOOD, False),
        (GOOD | {"error": {"message": "m"}}, False),
        (GOOD | {"base_resp": {"status_code": 1}}, False),
    ],
)
def test_hidden_errors(body, is_error):
    """Where there are no choices, and something says that it failed."""
    assert hidden_error(body) is is_error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "429"}, 429),
        ({"status_code": 401, "code": 500}, 401),
        ({"code": "rate_limit_exceeded"}, 429),
        ({"type": "Overloaded_Error"}, 503),
        ({"code": "invalid_api_key", "type": "x"}, 401),
        ({"code": 1302}, 502),
        ({"code": 200}, 502),
        ({"code": "9" * 99}, 502),
        ({"code": True}, 502),
        ({}, 502),
        ("boom", 502),
    ],
)
def test_meant_status(error, status):
    """By number, by number as text, by word; else the host is at fault."""
    assert meant_status(error) == status


def test_an_error_of_a_choice():
    """It has the host's own words, and the status that they mean."""
    error = error_of_choice({"error": {"message": "slow down", "code": "429"}})
    assert (error.status, error.body()["error"]["message"]) == (429, "slow down")
    error = error_of_choice({"finish_reason": "error"})
    assert error.status == 502
    assert "finish_reason 'error'" in error.message
    assert error_of_choice({"finish_reason": None, "error": None}) is None

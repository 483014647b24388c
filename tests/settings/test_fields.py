"""Kinds of fields: lists and secrets as variables spell them."""

import pytest

from strictgate.settings.loading import load


@pytest.mark.parametrize("spelling", ["first-key,second-key", '["first-key", "second-key"]'])
def test_client_keys_from_a_variable(monkeypatch, spelling):
    """Keys are a list, with commas or as JSON, and never shown."""
    monkeypatch.setenv("STRICTGATE_SERVER__API_KEYS", spelling)

    keys = load().server.api_keys
    assert [key.get_secret_value() for key in keys] == ["first-key", "second-key"]
    assert "first-key" not in repr(load())


@pytest.mark.parametrize("key", ["123456", "1e5", "true", "null"])
def test_a_key_need_not_look_like_one(monkeypatch, key):
    """A key that JSON would read as a number or a word is still the key."""
    monkeypatch.setenv("STRICTGATE_SERVER__API_KEYS", key)

    assert [each.get_secret_value() for each in load().server.api_keys] == [key]

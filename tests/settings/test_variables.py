"""What the variables say, before it is checked."""

import pytest

from strictgate.settings.loading import PREFIX, Settings
from strictgate.settings.variables import variable_tables


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SERVER__PORT", "9000", {"server": {"port": "9000"}}),
        ("SERVER__API_KEYS", "one,two", {"server": {"api_keys": "one,two"}}),
        ("SERVER__API_KEYS", '["one"]', {"server": {"api_keys": ["one"]}}),
        ("SERVER__API_KEYS", "17", {"server": {"api_keys": "17"}}),
        ("UPSTREAMS__GROQ__PRESET", "groq", {"upstreams": {"groq": {"preset": "groq"}}}),
        ("DEFAULT_UPSTREAM", "groq", {"default_upstream": "groq"}),
    ],
)
def test_tables(monkeypatch, name, value, expected):
    """A name is a path; a list is JSON, or what the field's validator splits."""
    monkeypatch.setenv(PREFIX + name, value)
    assert variable_tables(Settings, PREFIX) == expected


def test_lower_case(monkeypatch):
    """A variable may be written in small letters."""
    monkeypatch.setenv("strictgate_server__port", "9000")
    assert variable_tables(Settings, PREFIX) == {"server": {"port": "9000"}}

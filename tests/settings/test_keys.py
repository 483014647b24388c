"""Client keys by name: where their values come from."""

import pytest

from strictgate.settings.keys import Key, key_value
from strictgate.settings.loading import SettingsError, load


def test_three_ways(tmp_path):
    """In the configuration, in a variable, in a file; blanks around it are no part of it."""
    file = tmp_path / "key"
    file.write_text(" from-a-file \n")

    assert key_value("a", Key(key="here"), {}) == "here"
    assert key_value("a", Key(key_env="K"), {"K": " from-a-variable "}) == "from-a-variable"
    assert key_value("a", Key(key_file=str(file)), {}) == "from-a-file"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (Key(), "keys.a: give one of key, key_env and key_file (given: none of them)"),
        (Key(key="x", key_env="K"), "keys.a: give one of .* (given: key and key_env)"),
        (Key(key_env="K"), "keys.a.key_env: the variable K is not set, or empty"),
        (Key(key_file="/nonexistent"), "keys.a.key_file: /nonexistent cannot be read"),
        (Key(key_file="/dev/null"), "keys.a.key_file: /dev/null is not set, or empty"),
    ],
)
def test_no_value(key, message):
    """The message names the field."""
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        key_value("a", key, {})


def test_in_variables(monkeypatch):
    """A table of its own is written in variables, too."""
    monkeypatch.setenv("STRICTGATE_KEYS__CI__KEY_ENV", "CI_KEY")
    monkeypatch.setenv("STRICTGATE_KEYS__CI__MODELS", "a,b")
    monkeypatch.setenv("STRICTGATE_KEYS__CI__TOKENS_PER_DAY", "7")
    [(name, key)] = load().keys.items()

    assert (name, key.key_env, key.models, key.tokens_per_day) == ("ci", "CI_KEY", ("a", "b"), 7)


def test_a_wrong_field(monkeypatch):
    """It is named."""
    monkeypatch.setenv("STRICTGATE_KEYS__CI__TOKENS", "7")
    with pytest.raises(SettingsError, match=r"keys\.ci\.tokens: no such setting"):
        load()

"""`[keys.NAME]` and `[prices."MODEL"]`: who may use Strictgate, how much, and what it costs."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from strictgate.settings.fields import Frozen, Names, Secret


class Key(Frozen):
    """`[keys.NAME]`: a client key of Strictgate's own; its value is given in one of three ways."""

    key: Secret | None = Field(
        default=None, description="The key; better given in a variable or a file."
    )
    key_env: str | None = Field(default=None, description="The variable that holds it.")
    key_file: str | None = Field(default=None, description="The file that holds it alone.")
    label: str | None = Field(
        default=None, min_length=1, description="What the log and the metrics call it; its name."
    )
    models: Names = Field(
        default=(), description="The models that it may use, as clients name them; * in a name."
    )
    requests_per_minute: int = Field(default=0, ge=0, description="0: any number.")
    tokens_per_day: int = Field(default=0, ge=0, description="In and out, days of UTC; 0: any.")
    money_per_day: float = Field(default=0.0, ge=0, description="By [prices]; 0: any amount.")


class Price(Frozen):
    """`[prices."MODEL"]`: what a model costs, by the name that its upstream has for it."""

    input: float = Field(ge=0, description="Money for a million tokens that it reads.")
    output: float = Field(ge=0, description="Money for a million tokens that it writes.")


def key_value(name: str, key: Key, environment: Mapping[str, str]) -> str:
    """Return the key itself.

    Raises:
        ValueError: it is given in no way, in several, or not to be had; the message names the
            field.
    """
    given = [field for field in ("key", "key_env", "key_file") if getattr(key, field) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise ValueError(f"keys.{name}: give one of key, key_env and key_file (given: {found})")
    if key.key is not None:
        return key.key.get_secret_value()
    if key.key_env is not None:
        value, where = environment.get(key.key_env, ""), f"key_env: the variable {key.key_env}"
    else:
        path = str(key.key_file)
        try:
            value, where = Path(path).read_text(encoding="utf-8"), f"key_file: {path}"
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"keys.{name}.key_file: {path} cannot be read: {error}") from error
    if not value.strip():
        raise ValueError(f"keys.{name}.{where} is not set, or empty")
    return value.strip()

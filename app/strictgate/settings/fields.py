"""What the tables of the configuration share: how each behaves, and kinds of fields."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from strictgate.core.capabilities import Mode
from strictgate.core.schema.dialects import DIALECTS
from strictgate.core.wire.address import checked_base_url, checked_proxy_url


class Frozen(BaseModel):
    """A table of the configuration: it never changes, and takes no field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    """Return the list that `a,b` in a variable stands for; JSON has been parsed before."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _known_dialect(name: str) -> str:
    """Return the name of a dialect; "" is none."""
    if name not in {"", *DIALECTS}:
        raise ValueError(f"known are {', '.join(DIALECTS)}")
    return name


def _not_blank(secret: SecretStr) -> SecretStr:
    """Return the secret without blanks around it, which no HTTP header could carry."""
    if not secret.get_secret_value().strip():
        raise ValueError("must not be blank")
    return SecretStr(secret.get_secret_value().strip())


def _checked_proxy(url: SecretStr) -> SecretStr:
    """Return the URL of a proxy, which may hold a password."""
    return SecretStr(checked_proxy_url(url.get_secret_value()))


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
Secrets = Annotated[tuple[Secret, ...], BeforeValidator(_listed)]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(_listed), Field(min_length=1)]
DialectName = Annotated[str, AfterValidator(_known_dialect)]
TopLogprobs = Annotated[int, Field(ge=0, le=100)]
Url = Annotated[str, AfterValidator(checked_base_url)]
ProxyUrl = Annotated[SecretStr, AfterValidator(_checked_proxy)]

"""What processes that serve together tell each other about the upstreams, as values and as bytes.

A message is about one upstream, known by its name and the digest of its address: replicas that call
different servers by the same name do not learn from each other. On the wire it is one JSON object
with the `kind` of the message and its `sender`. What cannot be read, such as another version's, is
no message.
"""

import json
from dataclasses import asdict
from hashlib import blake2b

from strictgate.core.capabilities import Fact
from strictgate.core.value_type import value_type

MAX_PARTS = 8  # of a fact with its details
_FACTS = frozenset(Fact)


class SharedUnavailable(Exception):
    """The store that replicas share does not answer, or not in time."""


@value_type
class SharedFact:
    """A fact about a model holds from now on; see core.capabilities.Fact."""

    upstream: str
    address: str
    model: str
    fact: tuple[str, ...]
    """The fact and its details, as upstream/learned_capabilities.py has them."""
    seconds: float
    """For which it holds."""


@value_type
class FactsForgotten:
    """All that was learned about a model is to be forgotten."""

    upstream: str
    address: str
    """"": the address of that name here; gateway/sharing.py fills it in."""
    model: str


@value_type
class BreakerMoved:
    """An upstream was found to be down, or to be up again."""

    upstream: str
    address: str
    is_open: bool


SharedMessage = SharedFact | FactsForgotten | BreakerMoved
_KINDS: dict[str, type[SharedMessage]] = {
    "fact": SharedFact,
    "forgotten": FactsForgotten,
    "breaker": BreakerMoved,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_MOST_SECONDS = 1e12
"""Beyond it a number is no time, and may be no float."""


def address_digest(base_url: str) -> str:
    """Return what stands for an upstream's address in messages."""
    return blake2b(base_url.encode(), digest_size=8).hexdigest()


def encode_message(message: SharedMessage, sender: str) -> bytes:
    """Return the bytes of a message, in ASCII.

    Args:
        sender: who tells it, so that it does not hear itself.
    """
    told = {"kind": _NAMES[type(message)], "sender": sender, **asdict(message)}
    return json.dumps(told, separators=(",", ":")).encode()


def decode_message(raw: bytes, me: str) -> SharedMessage | None:
    """Return a message that another than `me` has sent; None where there is none in `raw`."""
    try:
        read = json.loads(raw)
        if read.pop("sender") == me:
            return None
        kind = _KINDS[read.pop("kind")]
        if kind is SharedFact:
            read["fact"] = tuple(read["fact"])
        message = kind(**read)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return message if _is_sound(message) else None


def _is_sound(message: SharedMessage) -> bool:
    """Whether the fields are what their names say."""
    texts = [message.upstream, message.address]
    match message:
        case SharedFact(model=model, fact=fact, seconds=seconds):
            is_time = isinstance(seconds, int | float) and 0 < seconds < _MOST_SECONDS
            if not is_time or not 0 < len(fact) <= MAX_PARTS or str(fact[0]) not in _FACTS:
                return False
            texts += [model, *fact]
        case FactsForgotten(model=model):
            texts.append(model)
        case BreakerMoved(is_open=is_open):
            return all(isinstance(each, str) for each in texts) and isinstance(is_open, bool)
    return all(isinstance(each, str) for each in texts)

"""What is kept of a text that was sent or received."""

from strictgate.core.wire.secret import BLOT, Secret
from strictgate.inspector.entries import MAX_BODY


def kept_text(raw: bytes, key: bytes) -> bytes:
    """Return JSON text as it is kept: cut, and without the client's key, which does not belong
    there.

    Args:
        key: b"": it has none.
    """
    if key:
        if key in raw:
            raw = raw.replace(key, BLOT.encode())
        if b"\\/" in raw or b"\\u00" in raw:  # an upstream may tell it in another spelling
            secret = Secret(key.decode("utf-8", "surrogateescape"))
            if secret.is_in(raw):
                text = raw.decode("utf-8", "surrogateescape")
                raw = str(secret.blotted(text)).encode("utf-8", "surrogateescape")
    return raw if len(raw) <= MAX_BODY else raw[:MAX_BODY]

"""The model that a form names, for routing: uploads are streamed, so only their beginning is read.

SDKs write the fields before the files (https://platform.openai.com/docs/api-reference/audio).
"""

import re
from collections.abc import AsyncIterator

PEEK = 64 << 10  # bytes
_MODEL = re.compile(
    rb'content-disposition:[^\r\n]*\bname="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]+)\r\n',
    re.IGNORECASE,
)


async def peeked(body: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Return the beginning of `body`, and the rest of it."""
    pieces: list[bytes] = []
    async for piece in body:
        pieces.append(piece)
        if sum(map(len, pieces)) >= PEEK:
            break
    return b"".join(pieces), body


def model_of(beginning: bytes) -> str | None:
    """Return the value of the field `model`, if it stands in the beginning."""
    found = _MODEL.search(beginning)
    return found[1].decode("utf-8", "replace") if found else None


def renamed(beginning: bytes, model: str) -> bytes:
    """Return the beginning with another value in that field."""
    found = _MODEL.search(beginning)
    if found is None:
        return beginning
    return beginning[: found.start(1)] + model.encode() + beginning[found.end(1) :]


async def joined(beginning: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the whole body again."""
    yield beginning
    async for piece in rest:
        yield piece

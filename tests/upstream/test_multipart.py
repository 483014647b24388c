"""Forms are routed by the model that they name."""

import asyncio

from strictgate.upstream import multipart

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nkimi\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="model"\r\n\r\nxx\r\n--b--\r\n'
)


async def pieces(*parts):
    for part in parts:
        yield part


def test_model():
    """The field is found by its name, and by nothing else."""
    assert multipart.model_of(FORM) == "kimi"
    assert multipart.model_of(FORM[FORM.index(b"--b\r\nc") :]) is None


def test_renamed():
    """Only the value changes."""
    changed = multipart.renamed(FORM, "moonshotai/kimi-k2")

    assert multipart.model_of(changed) == "moonshotai/kimi-k2"
    assert changed.replace(b"moonshotai/kimi-k2", b"kimi") == FORM


def test_the_body_stays_whole():
    """What was peeked at is sent on with the rest."""

    async def run(*parts):
        beginning, rest = await multipart.peeked(pieces(*parts))
        whole = [piece async for piece in multipart.joined(beginning, rest)]
        return beginning, b"".join(whole)

    assert asyncio.run(run(FORM[:10], FORM[10:])) == (FORM, FORM)
    large = b"x" * multipart.PEEK
    assert asyncio.run(run(large, b"rest")) == (large, large + b"rest")

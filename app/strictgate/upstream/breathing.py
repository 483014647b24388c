"""A pause in what is computed on the event loop, so that others run in between.

A large JSON text is parsed, looked at and written in steps of milliseconds for each MiB. No thread
would help: the parsers hold the interpreter's lock.
"""

import asyncio

LARGE = 64 << 10
"""Bytes of a text that is worth a pause: a step takes some 0.1 ms, a pause 0.01."""


async def breathe(size: int) -> None:
    """Let others run, if the text that is worked on has `size` bytes and that is much."""
    if size >= LARGE:
        await asyncio.sleep(0)

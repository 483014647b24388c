"""Large texts are worked on in steps."""

import asyncio

import pytest

from strictgate.upstream.breathing import LARGE, breathe


@pytest.mark.parametrize(("size", "order"), [(LARGE, ["other", "work"]), (9, ["work", "other"])])
def test_others_run_in_between(size, order):
    """Only where the text is large."""
    ran = []

    async def work():
        await breathe(size)
        ran.append("work")

    async def other():
        ran.append("other")

    async def run():
        await asyncio.gather(work(), other())

    asyncio.run(run())
    assert ran == order

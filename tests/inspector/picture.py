"""Takes the picture of the inspector for the documentation: `make picture`.

It drives the page in a headless Chromium against the models of `strictgate demo`.
"""

import asyncio
import sys
from pathlib import Path

from strictgate.commands.showcase import MODELS, post, request
from strictgate.demo.upstream import create_demo
from tests.gates import guarding_gate
from tests.inspector.chromium import chromium
from tests.servers import serving

PICTURE = Path(__file__).parents[2] / "docs" / "inspector.png"
WIDTH, HEIGHT = 1280, 800


async def taken(url: str) -> bytes:
    """Return the picture of the request whose page this is, as PNG."""
    async with chromium() as page:
        await page.open(url, WIDTH, HEIGHT)
        await page.until("document.querySelector('.state')?.dataset.state === 'live'")
        await page.until("document.querySelector('.painted .o-forced')")
        await page.until("document.querySelectorAll('svg.timeline g').length > 1")
        return await page.shot()


def picture() -> bytes:
    """Ask the models of the demonstration; return what the page shows of the mended answer."""
    with serving(create_demo()) as demo, guarding_gate(demo) as gate:
        answers = [post(gate.url, request(model.name)) for model in (*MODELS, MODELS[1])]
        return asyncio.run(taken(answers[-1].body["x_strictgate"]["inspect"]))


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
    sys.stdout.write(f"{PICTURE}\n")

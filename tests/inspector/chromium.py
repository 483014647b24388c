"""A headless Chromium for a test, driven by the protocol of its developer tools.

https://chromedevtools.github.io/devtools-protocol/: commands and events as JSON over a web socket.
"""

import asyncio
import base64
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--hide-scrollbars", "--remote-debugging-port=0"),
)
_PATIENCE = 20.0
_POLL, _POLLS = 0.03, 600


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        """What the console says is wrong, violations of the policy and exceptions included."""
        self.requested: list[str] = []
        """The URLs that were asked for."""
        self._socket = socket
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def send(self, method: str, **params: Any) -> Any:
        """Run a command; return its result."""
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(self._answers[number], _PATIENCE)

    async def listen(self) -> None:
        """Take in what the browser says, until it closes."""
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers[told["id"]].set_result(told.get("result", told.get("error")))
            else:
                self._note(told["method"], told["params"])

    def _note(self, method: str, params: Any) -> None:
        match method:
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(json.dumps(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])

    async def open(
        self, url: str, width: int = 1280, height: int = 800, scheme: str = "light"
    ) -> None:
        """Go to an address, in a window of this size."""
        await self.resize(width, height)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.send("Emulation.setEmulatedMedia", features=[feature])
        await self.send("Page.navigate", url=url)

    async def resize(self, width: int, height: int) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    async def eval(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which may be a promise."""
        told = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait for an expression to be true, or an element; return its value."""
        for _ in range(_POLLS):
            if value := await self.eval(f"(v => v instanceof Node || v)({expression})"):
                return value
            await asyncio.sleep(_POLL)
        raise AssertionError(f"This did not come true: {expression}")

    async def press(self, key: str) -> None:
        """Press a key."""
        text = {"text": key} if len(key) == 1 else {}
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def shot(self) -> bytes:
        """Return a picture of what is seen, as PNG."""
        taken = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(taken["data"])


@asynccontextmanager
async def chromium() -> AsyncIterator[Page]:
    """Run a browser with a profile of its own; give its tab."""
    assert PROGRAM is not None, "there is none"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with aiohttp.ClientSession() as session:
                address = await _tab(process, session)
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = Page(socket)
                    listening = asyncio.ensure_future(page.listen())
                    for domain in ("Page", "Runtime", "Log", "Network"):
                        await page.send(f"{domain}.enable")
                    await page.send("Emulation.setFocusEmulationEnabled", enabled=True)
                    yield page
                    listening.cancel()
        finally:
            process.terminate()
            await process.communicate()


async def _tab(process: asyncio.subprocess.Process, session: aiohttp.ClientSession) -> str:
    """Return the address of the first tab's web socket."""
    assert process.stderr is not None, "it is a pipe"
    while line := (await asyncio.wait_for(process.stderr.readline(), _PATIENCE)).decode():
        if found := re.search(r"ws://([^/]+)/", line):
            async with session.get(f"http://{found[1]}/json/list") as answer:
                tabs = await answer.json()
            return next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
    raise RuntimeError("Chromium did not start.")

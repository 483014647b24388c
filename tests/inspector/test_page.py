"""The page in a real browser: what a person does with it, and that it keeps to its policy."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from strictgate.demo.upstream import create_demo
from tests.gates import MOOD, Gate, gate, guarding_gate
from tests.inspector.chromium import PROGRAM, Page, chromium
from tests.inspector.views import listed
from tests.servers import serving

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
ROWS = "document.querySelectorAll('li.row:not([hidden])').length"
WIDTH = "document.documentElement.scrollWidth"
BEYOND = (
    "[...document.querySelectorAll('main *')].filter(e => e.offsetParent"
    " && !e.closest('svg, pre, .row') && e.getBoundingClientRect().right > 376)"
)
"""What is wider than a narrow window, but for what is cut or scrolls."""


@pytest.fixture(scope="module")
def running():
    """A gateway that has been asked for this and that."""
    with serving(create_demo()) as demo, guarding_gate(demo) as gate:
        for model in ("clean", "wrong-once", "wrong-enum", "no-json-schema"):
            gate.chat(model, MOOD, messages=[{"role": "user", "content": HOSTILE}])
        gate.chat("continues+wrong-twice", MOOD, stream=True)
        yield gate


def visited(running: Gate, visit, **window):
    """Have `visit` use the page; nothing that it does may be complained of."""

    async def run() -> Page:
        async with chromium() as page:
            await page.open(f"{running.url}/", **window)
            await page.until("document.querySelector('.state')?.dataset.state === 'live'")
            await visit(page)
            assert await page.eval("document.title") == "Strictgate inspector"
            return page

    page = asyncio.run(run())
    assert page.complaints == []
    assert {urlsplit(each).netloc for each in page.requested if each.startswith("http")} == {
        urlsplit(running.url).netloc
    }
    return page


def row_of(running, model):
    return next(row["id"] for row in listed(running) if row["model"] == f"demo/{model}")


def test_the_list_is_live_and_can_be_filtered(running):
    """A request appears by itself; pausing holds it back."""

    async def visit(page):
        before = await page.until(ROWS)
        await asyncio.to_thread(running.chat, "prose", MOOD)
        await page.until(f"{ROWS} === {before + 1}")
        await page.eval("document.querySelector('#pause').click()")
        await asyncio.to_thread(running.chat, "prose", MOOD)
        await page.until("document.querySelector('#pause').textContent === 'Resume (1)'")
        assert await page.eval(ROWS) == before + 1
        await page.eval("document.querySelector('#pause').click()")
        await page.until(f"{ROWS} === {before + 2}")
        await page.eval(
            "(i => { i.value = 'outcome:invalid -clean'; i.dispatchEvent(new Event('input')) })"
            "(document.querySelector('input[type=search]'))"
        )
        await page.until(f"{ROWS} === 1")
        await page.eval("document.querySelector('input[type=search]').focus()")
        await page.until("document.querySelector('#filter-words [value=\"outcome:invalid\"]')")
        await page.eval(
            "(i => { i.value = 'tries:>2 took:>0'; i.dispatchEvent(new Event('input')) })"
            "(document.querySelector('input[type=search]'))"
        )
        await page.until(f"{ROWS} === 1")

    visited(running, visit)


def test_one_request(running):
    """The painted document, what was struck out and was allowed, the schema's failing line."""
    good, bad = row_of(running, "wrong-once"), row_of(running, "wrong-enum")

    async def visit(page):
        await page.eval(f"location.hash = '#/requests/{good}'")
        await page.until("document.querySelector('.painted .o-forced')")
        await page.eval(f"location.hash = '#/requests/{bad}'")
        await page.until("document.querySelector('.fault')")
        tip = await page.eval("document.querySelector('del.p-refused').dataset.tip")
        assert '"angry"' in tip
        assert '"calm"' in tip
        await page.eval("document.querySelector('del.p-refused').focus()")
        shown = await page.until("document.querySelector('.tip:popover-open')?.textContent")
        assert shown == tip
        assert "enum" in await page.eval("document.querySelector('.line.failed').textContent")
        assert await page.eval("document.querySelectorAll('svg.timeline g').length") > 1
        assert (
            await page.eval("document.querySelectorAll('sg-detail img, sg-list img').length") == 0
        )

    visited(running, visit, scheme="dark")


def test_keys(running):
    """A person without a mouse gets everywhere."""

    async def visit(page):
        await page.until(ROWS)
        await page.press("j")
        await page.until("document.querySelector('sg-detail .title')")
        first = await page.eval("location.hash")
        await page.press("j")
        second = await page.until(f"location.hash !== '{first}' && location.hash")
        await page.press("Escape")
        await page.until("location.hash === '#/requests'")
        await page.press("Enter")
        await page.until(f"location.hash === '{second}'")
        await page.press("2")
        await page.until("document.querySelectorAll('.card').length > 3")
        await page.press("3")
        await page.until("document.querySelector('sg-playground').offsetParent")
        await page.press("?")
        await page.until("document.querySelector('dialog[open] .keys')")

    visited(running, visit)


def test_replay(running):
    """With another model: both answers stand side by side, and the new one is in the list."""
    request = row_of(running, "wrong-enum")

    async def visit(page):
        await page.eval(f"location.hash = '#/requests/{request}'")
        await page.until("document.querySelector('#replay:not([disabled])')")
        await page.eval("document.querySelector('#replay').click()")
        await page.eval("document.querySelector('dialog [name=model]').value = 'demo/clean'")
        await page.eval("document.querySelector('dialog [name=mode]').value = 'tool'")
        await page.eval("document.querySelector('#replay-send').click()")
        await page.until("document.querySelector('#replay-result .painted')")
        shown = await page.eval("document.querySelector('#replay-result').textContent")
        assert "demo/clean" in shown
        assert "tool" in shown

    visited(running, visit)
    assert listed(running)[0]["mode"] == "tool"


def test_save_as_a_test(running):
    """The file is what the API gives."""
    request = row_of(running, "wrong-once")
    hook = (
        "URL.createObjectURL = (make => blob => { blob.text().then(t => { window.saved = t }); "
        "return make.call(URL, blob) })(URL.createObjectURL)"
    )

    async def visit(page):
        await page.eval(f"location.hash = '#/requests/{request}'")
        await page.until("document.querySelector('#save-test:not([disabled])')")
        await page.eval(hook)
        await page.eval("document.querySelector('#save-test').click()")
        saved = json.loads(await page.until("window.saved"))
        assert saved["strictgate_test"] == 1

    visited(running, visit)


def test_the_playground(running):
    """What is written is judged."""

    async def visit(page):
        await page.press("3")
        await page.until("document.querySelector('[name=model]')?.value")
        await page.eval("document.querySelector('sg-playground [name=model]').value = 'demo/clean'")
        await page.eval("document.querySelector('#play-send').click()")
        await page.until("document.querySelector('.verdict .chip.good')")
        await page.eval(
            "(t => { t.value = '{\"mood\":\"x'; t.dispatchEvent(new Event('input')) })"
            "(document.querySelector('sg-playground [name=text]'))"
        )
        await page.until("document.querySelector('.verdict del')?.textContent === 'x'")

    visited(running, visit)


def test_the_models(running):
    """Their figures follow the requests."""
    figure = (
        "[...document.querySelectorAll('.card')].find(e => e.textContent.includes('demo/fenced'))"
    )

    async def visit(page):
        await page.press("2")
        await page.until("document.querySelectorAll('.card').length > 3")
        await asyncio.to_thread(running.chat, "fenced", MOOD)
        await page.until(figure)

    visited(running, visit)


def test_client_keys(demo):
    """Where there are some, one is asked for; what each has used is shown."""
    keys = {"ci": {"key": "ci-key-12345", "label": "CI"}}

    async def run(url):
        async with chromium() as page:
            await page.open(f"{url}/")
            await page.until("document.querySelector('dialog input')")
            await page.eval("document.querySelector('dialog input').value = 'ci-key-12345'")
            await page.eval("document.querySelector('dialog .primary').click()")
            await page.until("document.querySelector('.state').dataset.state === 'live'")
            await page.press("2")
            used = await page.until("document.querySelector('.keys-used')?.textContent")
            assert "CI" in used
            await page.press("3")
            await page.until("document.querySelector('#play-models option')")

    with gate(demo, keys=keys) as running:
        asked = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}
        running.post(asked, authorization="Bearer ci-key-12345")
        asyncio.run(run(running.url))


@pytest.mark.parametrize("address", ["", "#/models", "#/playground", "one"])
def test_a_narrow_window(running, address):
    """At 375 pixels nothing is wider than the window."""
    shown = f"#/requests/{row_of(running, 'wrong-enum')}" if address == "one" else address

    async def visit(page):
        await page.eval(f"location.hash = '{shown}'")
        await page.until("document.querySelector('li.row, .card, .play, .fault')")
        if address == "one":
            await page.until("document.querySelector('.attempt')")
        assert await page.eval(WIDTH) <= 375
        assert await page.eval(f"{BEYOND}.map(e => e.className || e.tagName)") == []

    visited(running, visit, width=375, height=720)

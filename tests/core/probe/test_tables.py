"""Results as text, as configuration, and as a page."""

import tomllib

from strictgate.core.probe.results import ProbeResult, Row
from strictgate.core.probe.tables import result_text, result_toml, results_html, truth_text
from strictgate.settings.upstreams import Model

LIES = Row("native", right=1, wrong=2, words='<b>not JSON</b>:\x1b[31m "x"')
FIRST = ProbeResult("2026-01-31", "h:1", "m", "generic", 3, 20, 10, (Row("plain", right=1), LIES))
SECOND = ProbeResult("2026-02-01", "k", "<n>", "groq", 3, 20, 10, (Row("native", refused=1),))


def test_text():
    """A row for each question; nothing in it commands a terminal."""
    about, _, head, plain, native = result_text(FIRST).split("\n")
    assert about == "m at h:1 (preset generic), 2026-01-31: 3 calls, 20 tokens in, 10 out."
    assert head.split() == ["question", "says", "does", "right"]
    assert plain.split() == ["plain", "yes", "holds", "1", "of", "1"]
    assert native.split()[:8] == ["native", "yes", "holds", "not", "always", "1", "of", "3"]
    assert "\x1b" not in native


def test_truth():
    """A column for each result, with its date, and a row for what any was asked."""
    first, second, _, _, plain, native = truth_text([FIRST, SECOND]).split("\n")
    assert first == "[1] m at h:1, 2026-01-31"
    assert second == "[2] <n> at k, 2026-02-01"
    assert plain.endswith("1 of 1  not asked")
    assert native.endswith("1 of 3  refused")


def test_toml():
    """The lines fit under `[models.NAME]`."""
    table = tomllib.loads(result_toml(FIRST))
    assert table == {"modes": ["json_object", "tool", "prompt"]}
    assert Model(upstream="x", **table).modes


def test_html():
    """A host's words are text; a host that lies is marked."""
    page = results_html([FIRST, SECOND])
    assert "<b>" not in page
    assert "<n>" not in page
    assert "&lt;n&gt;" in page
    assert '<td class="lie">says yes: <strong>holds not always</strong>, 1 of 3' in page
    assert '<td class="holds">says yes: <strong>holds</strong>, 1 of 1' in page
    assert "<td>not asked</td>" in page
    assert "<script" not in page

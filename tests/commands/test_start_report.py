"""What is said of the upstreams at the start."""

import asyncio

import pytest

from strictgate.commands.start_report import StartReport, upstream_lines
from strictgate.core.request.options import Enforcement, Prefer
from strictgate.observe.events import ModelDemoted, UpstreamRecognised
from strictgate.settings.loading import Settings, SettingsError
from strictgate.settings.upstreams import Upstream

URL = "http://127.0.0.1:1/v1"
RULES = Enforcement()


def seen(preset, sign="", problem="", *, has_answered=True):
    return UpstreamRecognised("main", preset, sign, problem, has_answered)


def test_recognised():
    """What it is, by what that was seen, what follows from it, and how to change it."""
    lines = upstream_lines("main", Upstream(base_url=URL), seen("llamacpp", "a header"), RULES)

    assert lines == [
        f"Upstream 'main', {URL}: recognised as \"llamacpp\": a header.",
        "  A schema is asked for as prompt alone, the answer free under the guard, then native, "
        "then json_object, then tool, the schema in the prompt as well.",
        "  It goes on from a prefix (trailing): streams are guarded as they come.",
        "  Steered by its log-probabilities (20 for each token).",
        lines[-1],
    ]
    assert "--preset NAME, or preset in [upstreams.main]: generic groq" in lines[-1]
    assert "llamacpp" not in lines[-1]


def test_unknown():
    """Where nothing was seen it is said why, and what is done nevertheless."""
    away = seen("generic", problem="Refused.", has_answered=False)
    lines = upstream_lines("main", Upstream(base_url=URL), away, RULES)

    assert 'not there yet. Until it is, nothing is assumed of it (preset "generic")' in lines[0]
    assert lines[1] == "  Refused."
    here = upstream_lines("main", Upstream(base_url=URL), seen("generic"), RULES)
    assert 'not recognised, so nothing is assumed of it (preset "generic")' in here[0]
    assert "not known to go on from a prefix" in lines[3]


def test_configured():
    """What is pinned counts; there is nothing to change that was not said."""
    lines = upstream_lines("main", Upstream(preset="vllm", top_logprobs=0), None, RULES)

    assert lines[0] == (
        "Upstream 'main', http://127.0.0.1:8000/v1: preset \"vllm\", as configured."
    )
    assert lines[-1] == "  No log-probabilities are asked for."


def test_the_order_is_the_preferred_one():
    """What pins the modes, or another preference, puts the upstream's own enforcement first."""

    def first(prefer="right", **pinned):
        upstream = Upstream(preset="llamacpp", **pinned)
        return upstream_lines("main", upstream, None, Enforcement(prefer=Prefer(prefer)))[1]

    assert first().startswith("  A schema is asked for as prompt alone")
    assert first("native").startswith("  A schema is asked for as native, then json_object")
    assert first("cheap") == (
        "  A schema is asked for as native, then json_object, then tool, then prompt."
    )
    assert first(modes=["tool", "prompt"]).startswith(
        "  A schema is asked for as tool, then prompt"
    )
    assert first(prefill="none").startswith("  A schema is asked for as native")


def test_by_its_host():
    """Nothing was asked of it."""
    upstream = Upstream(base_url="https://api.groq.com/openai/v1")
    assert upstream_lines("g", upstream, None, RULES)[0].endswith('preset "groq", by its host.')


def test_the_report_waits_and_goes_on():
    """It begins when Strictgate listens; what is found out later is said then."""
    said = []
    report = StartReport(Settings(upstreams={"main": {"base_url": URL}}), said.append)
    report.observe(seen("generic", problem="Refused."))
    report.observe(ModelDemoted("main", "m"))
    assert said == []
    report.begin()
    report.observe(seen("ollama", "its text"))

    assert ["generic" in said[0], "ollama" in said[1]] == [True, True]
    assert len(said) == 2


def test_a_closed_output_stops_nothing():
    """Nobody may be there to read."""

    def say(_):
        raise BrokenPipeError

    StartReport(Settings(upstreams={"main": {"base_url": URL}}), say).begin()


def test_a_reload_says_what_is_new():
    """And of what is refused nothing; what is found out meanwhile is said once, and by the new
    settings."""
    said = []
    old = Settings(upstreams={"a": {"base_url": URL}, "b": {"preset": "groq"}})
    new = Settings(upstreams={"a": {"base_url": f"{URL}/new"}, "b": {"preset": "groq"}})
    report = StartReport(old, said.append)
    report.observe(UpstreamRecognised("a", "vllm", "a header", "", True))
    report.begin()

    async def refuse(_):
        raise SettingsError("no")

    async def apply(_):
        report.observe(UpstreamRecognised("a", "ollama", "a header", "", True))
        return ("store",)

    del said[:]
    with pytest.raises(SettingsError):
        asyncio.run(report.around(refuse)(new))
    assert said == []
    assert asyncio.run(report.around(apply)(new)) == ("store",)
    [lines] = said
    assert lines.startswith(f"Upstream 'a', {URL}/new: recognised as \"ollama\"")

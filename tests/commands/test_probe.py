"""`strictgate probe` against the demonstration upstream, whose models seldom do what they say."""

import signal

import pytest

from strictgate.commands.probe import PAUSE, ProbeFailed, cost_text, probe
from strictgate.core.probe.questions import MAX_CALLS, QUESTIONS
from strictgate.core.probe.results import pins
from strictgate.demo.upstream import create_demo
from strictgate.settings.loading import Settings
from tests.servers import serving
from tests.upstream.asking import answering


def settings(url):
    return Settings().with_upstream("upstream", f"{url}/v1", "generic")


@pytest.fixture(scope="module")
def probed():
    """Probes a model of the demonstration upstream."""
    with serving(create_demo()) as url:
        yield lambda model: probe(settings(url), {}, model, 64, lambda *_: None)


@pytest.mark.parametrize(
    ("model", "question", "does"),
    [
        ("demo/clean", "native-against-the-prompt", "holds"),
        ("demo/wrong-enum", "native-against-the-prompt", "holds not"),
        ("demo/no-json-schema", "native", "refuses"),
        ("demo/no-tools", "tool", "refuses"),
        ("demo/no-json-with-tools", "native-beside-tools", "refuses"),
        ("demo/one-choice", "native-choices", "refuses"),
        ("demo/continues", "prefix-trailing", "holds"),
        ("demo/echoes", "prefix-trailing", "holds"),
        ("demo/continues-partial", "prefix-partial", "holds"),
    ],
)
def test_what_a_host_does(probed, model, question, does):
    """Is told from what it says."""
    result = probed(model)
    assert result.row(question).does == does, result.row(question)
    assert result.calls <= sum(each.times for each in QUESTIONS)
    assert result.tokens_out > 0


def test_what_is_pinned(probed):
    """A host that takes schemas and drops them loses its native mode."""
    assert pins(probed("demo/wrong-enum").rows)["modes"][0] == "json_object"
    assert pins(probed("demo/continues").rows)["prefill"] == "trailing"
    assert pins(probed("demo/fenced").rows)["modes"] == ["json_object", "tool", "prompt"]
    assert "dialect" not in pins(probed("demo/clean").rows)


def test_a_host_that_refuses_limits(probed):
    """It is asked in the plain dialect from then on, unless its preset knows a better one."""
    rows = probed("demo/openai-schemas").rows

    assert pins(rows)["dialect"] == "plain"
    assert "dialect" not in pins(rows, "openai")


@pytest.mark.parametrize("status", [401, 404])
def test_no_answer_to_the_first_question(status):
    """Nothing more is asked, and it is said what to look at."""
    refusing = answering(b'{"error": {"message": "no"}}', status)
    wrong = pytest.raises(ProbeFailed, match=rf"{status}: no.* are right")
    with serving(refusing) as url, wrong:
        probe(settings(url), {}, "m", 64, lambda *_: None)


@pytest.mark.parametrize("root", ["/v1", "/openai/v1", ""])
def test_a_strictgate_is_not_asked(strictgate, root):
    """It would make every model look right."""
    wanted = Settings().with_upstream("upstream", strictgate.url + root, "generic")
    with pytest.raises(ProbeFailed, match=r"is a Strictgate.* Ask the upstream behind it"):
        probe(wanted, {}, "demo/clean", 64, lambda *_: None)


def test_a_busy_host_is_asked_again(monkeypatch):
    """Once for each question, while there are calls to spare; MAX_CALLS is never passed."""
    monkeypatch.setattr("strictgate.commands.probe.PAUSE", 0.0)
    asked = []
    good = b'{"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}'

    async def app(scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "POST":
            asked.append(scope["path"])
        is_first = len(asked) == 1
        await answering(good if is_first else b"{}", 200 if is_first else 429)(scope, receive, send)

    with serving(app) as url:
        result = probe(settings(url), {}, "m", 64, lambda *_: None)
    assert PAUSE > 0
    assert len(asked) == result.calls == MAX_CALLS
    assert result.row("native").failed == 3


def test_an_interrupted_probe_tells_what_it_has():
    """The first Ctrl-C ends the asking; without an answer there is nothing to tell."""

    def interrupt(after):
        def progress(done, *_):
            if done == after:
                signal.raise_signal(signal.SIGINT)

        return progress

    with serving(create_demo()) as url:
        result = probe(settings(url), {}, "demo/clean", 64, interrupt(4))
        with pytest.raises(KeyboardInterrupt):
            probe(settings(url), {}, "demo/clean", 64, interrupt(0))

    assert not result.is_whole
    assert result.row("native").right == 3
    assert result.row("prompt") is None


def test_progress():
    """It begins at nothing and ends with everything."""
    with serving(create_demo()) as url:
        seen = []
        probe(settings(url), {}, "demo/clean", 64, lambda *each: seen.append(each))
    planned = sum(each.times for each in QUESTIONS)
    assert seen[0] == (0, planned, "plain")
    assert seen[-1] == (planned, planned, "done")


def test_cost():
    """The bound is a sentence."""
    assert cost_text(512).startswith(f"At most {MAX_CALLS} calls, ")

"""What is counted of which event."""

import asyncio
from dataclasses import replace

import pytest

from strictgate.observe.events import (
    BreakerChanged,
    Enforced,
    FactLearned,
    FellBack,
    KeyLimited,
    ModelDemoted,
    ModeRefused,
    PrefillDropped,
    RequestFinished,
    RequestRepeated,
    StoreFailed,
    ToolsDropped,
    UpstreamAnswered,
    UpstreamFailed,
)
from strictgate.observe.merging import merged, page_of
from strictgate.observe.metrics import MAX_ALIKE, MAX_MODELS, Metrics, Reading
from strictgate.observe.process_events import (
    BackgroundCrashed,
    Crashed,
    LoopBlocked,
    OutOfResources,
    TurnedAway,
)

DONE = RequestFinished(
    *("r", "POST", "/openai/v1/chat/completions", 200, 0.3),
    key="ci",
    first_byte=0.2,
    upstream="u",
    model="m",
    mode="native",
    tokens_in=7,
    tokens_out=3,
    tokens_in_vain=2,
    upstream_seconds=0.29,
)
ENFORCED = ("r", "u", "m", "native", 2, "valid", ("quotes", "forced"), 10, 7, 3, 0, 1, 4)


def shown(*events, readings=()):
    """The samples that there are, by name and labels, but for those of the process."""
    metrics = Metrics()
    metrics.watch(readings)
    for event in events:
        metrics.observe(event)
    page, kind = metrics.page()
    assert kind.startswith("text/plain")
    lines = [line.rpartition(" ") for line in page.decode().splitlines() if line[0] != "#"]
    return {
        name.removeprefix("strictgate_"): float(value)
        for name, _, value in lines
        if name.startswith("strictgate_") and "_info" not in name and value != "0.0"
    }


def test_a_request():
    """Its status, its times, its tokens, and whose it was."""
    found = shown(DONE)

    assert found['requests_total{route="chat/completions",status="200"}'] == 1
    assert found['request_seconds_bucket{le="0.5",route="chat/completions"}'] == 1
    assert 'request_seconds_bucket{le="0.25",route="chat/completions"}' not in found
    assert found['overhead_seconds_bucket{kind="enforced",le="0.025"}'] == 1
    assert 'overhead_seconds_bucket{kind="enforced",le="0.005"}' not in found
    assert found['first_byte_seconds_count{kind="enforced"}'] == 1
    assert found['tokens_total{direction="in",model="m",upstream="u"}'] == 7
    assert found['tokens_total{direction="out",model="m",upstream="u"}'] == 3
    assert found['tokens_in_vain_total{model="m",upstream="u"}'] == 2
    assert found['key_requests_total{key="ci",status="200"}'] == 1
    assert found['key_tokens_total{direction="in",key="ci"}'] == 7


def test_a_request_that_went_nowhere():
    """It has an error, and no upstream."""
    gone = RequestFinished("r", "GET", "/v2/x", 404, 0.1, "unknown_url", client_left=True)
    found = shown(gone)

    assert found['requests_total{route="other",status="404"}'] == 1
    assert found['errors_total{code="unknown_url"}'] == 1
    assert found["clients_left_total"] == 1
    assert not any("upstream" in name or "overhead" in name for name in found)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_do_not_count(path):
    """They would hide how quick or slow the rest is."""
    assert shown(RequestFinished("r", "GET", path, 200, 0.1)) == {}


def test_a_request_to_an_upstream():
    """By what it was for, with the time that was waited."""
    about = ("r", "u", "m", "continuation", "prompt", 200, 0.2, 9.0, 0.4, 7, 3)
    found = shown(UpstreamAnswered(*about))

    assert found['upstream_requests_total{purpose="continuation",status="200",upstream="u"}'] == 1
    assert found['upstream_seconds_sum{upstream="u"}'] == 0.4
    assert found['upstream_first_byte_seconds_sum{upstream="u"}'] == 0.2


def test_a_conversation():
    """How it ended, and what it took."""
    found = shown(Enforced(*ENFORCED))
    model = '{model="m",upstream="u"}'

    assert found == {
        'enforced_total{mode="native",model="m",outcome="valid",upstream="u"}': 1,
        f"attempts_total{model}": 2,
        f"continuations_total{model}": 4,
        f"streams_stopped_total{model}": 1,
        'repairs_total{step="quotes"}': 1,
        'repairs_total{step="forced"}': 1,
    }


def test_repairs_that_are_only_counted():
    """They are added to those that are named one by one."""
    many = Enforced(*ENFORCED, more_repairs=(("quotes", 40), ("comment", 2)))
    found = shown(many)
    assert found['repairs_total{step="quotes"}'] == 41
    assert found['repairs_total{step="comment"}'] == 2


@pytest.mark.parametrize(
    ("event", "name", "value"),
    [
        (Enforced(*ENFORCED[:5], "too_complex", *ENFORCED[6:]), "work_budget_hits_total", 1),
        (
            UpstreamFailed("r", "u", "http://u", "upstream_timeout", "late"),
            'upstream_failures_total{error="upstream_timeout",upstream="u"}',
            1,
        ),
        (FellBack("r", "u", "m", "y", "429"), 'fallbacks_total{fallback="y",upstream="u"}', 1),
        (RequestRepeated("u", "429", 1.0), 'repetitions_total{status="429",upstream="u"}', 1),
        (BreakerChanged("u", "open", 10), 'breaker_state{upstream="u"}', 2),
        (BreakerChanged("u", "open", 10), 'breaker_changes_total{state="open",upstream="u"}', 1),
        (
            ModeRefused("u", "m", "native", False, "p"),
            'refusals_total{mode="native",upstream="u"}',
            1,
        ),
        (ModelDemoted("u", "m"), 'demotions_total{model="m",upstream="u",what="native"}', 1),
        (
            PrefillDropped("u", "m", True),
            'demotions_total{model="m",upstream="u",what="prefill"}',
            1,
        ),
        (ToolsDropped("u", "m"), 'demotions_total{model="m",upstream="u",what="tools"}', 1),
        (FactLearned("u", "m", "no_n", ()), 'facts_learned_total{fact="no_n",upstream="u"}', 1),
        (LoopBlocked(0.5, "x.py f", 1), "loop_blocked_seconds_total", 0.5),
        (KeyLimited("r", "ci", "tokens"), 'key_refusals_total{key="ci",limit="tokens"}', 1),
        (StoreFailed("locked"), "store_failures_total", 1),
        (Crashed("r", "GET", "/", "…"), "crashes_total", 1),
        (BackgroundCrashed("facts", "…"), 'background_crashes_total{task="facts"}', 1),
        (OutOfResources("r", "no"), "out_of_resources_total", 1),
        (TurnedAway("requests", 40, "no"), 'turned_away_total{limit="requests"}', 40),
    ],
)
def test_other_events(event, name, value):
    """Each is counted under its name."""
    assert shown(event)[name] == value


def test_models_are_few():
    """Whoever makes names up fills no memory."""
    found = shown(*(ModelDemoted("u", f"m{number}") for number in range(MAX_MODELS + 5)))

    assert len(found) == MAX_MODELS + 1
    assert found['demotions_total{model="other",upstream="u",what="native"}'] == 5


UNKNOWN = (404, 400, 401, 403, 422, 0)
"""Statuses of an upstream that do not show that the model exists; 0: the client left first."""


def request_of(model, status, error="", outcome="unanswered"):
    """What is told of an enforced request to `model`, whose upstream answers with `status`."""
    about = ("r", "u", model, "try", "native", status, 0.2, 9.0, 0.4, 0, 0, error)
    conversation = Enforced("r", "u", model, "native", 0, outcome, (), 0, 0, 0, 0, 0, 0)
    at_client = 502 if error else status
    return (
        UpstreamAnswered(*about),
        conversation,
        replace(DONE, model=model, status=at_client, error=error or None),
    )


def models_of(found):
    """The values of the label `model` that there are."""
    return {name.split('model="')[1].split('"')[0] for name in found if 'model="' in name}


@pytest.mark.parametrize("status", UNKNOWN)
def test_names_that_are_made_up_take_no_label(status):
    """They are told as `other`, and one that exists has its label behind a hundred."""
    made_up = [request_of(f"m{number}", status) for number in range(MAX_MODELS + 5)]
    good = request_of("good", 200, outcome="valid")
    found = shown(*(event for each in (*made_up, good) for event in each))

    assert models_of(found) == {"other", "good"}
    name = 'enforced_total{mode="native",model="other",outcome="unanswered",upstream="u"}'
    assert found[name] == MAX_MODELS + 5


@pytest.mark.parametrize(
    ("status", "error"), [(503, ""), (429, ""), (0, "upstream_timeout"), (502, "")]
)
def test_a_model_that_is_down_has_its_label(status, error):
    """It is what somebody looks for in trouble."""
    found = shown(*request_of("m", status, error))
    name = 'enforced_total{mode="native",model="m",outcome="unanswered",upstream="u"}'
    assert found[name] == 1


def test_a_model_that_answers_later_has_its_label_from_then_on():
    """Whatever was counted before stays with `other`."""
    events = (*request_of("m", 404), *request_of("m", 200, outcome="valid"), *request_of("m", 404))
    found = shown(*events)

    name = 'enforced_total{{mode="native",model="{}",outcome="{}",upstream="u"}}'
    assert found[name.format("other", "unanswered")] == 1
    assert found[name.format("m", "valid")] == found[name.format("m", "unanswered")] == 1


def test_what_names_no_model_is_no_other_model():
    """A file that is not there, for one."""
    found = shown(replace(DONE, model="", status=404, mode=""))
    assert found['tokens_total{direction="in",model="",upstream="u"}'] == 7


def test_what_is_held_of_requests_is_little():
    """Paths and models are the clients' to make up; what was counted stays counted."""
    metrics = Metrics()
    for number in range(MAX_ALIKE + 5):
        metrics.observe(replace(DONE, path=f"/v1/files/{number}"))

    assert len(metrics._requests) <= MAX_ALIKE
    [files] = [each for each in metrics.requests.values.values() if each[0]]
    assert files == [MAX_ALIKE + 5]


def test_requests_are_counted_before_anybody_looks():
    """In the path of a request they are only noted."""

    async def run():
        metrics = Metrics()
        metrics.observe(DONE)
        assert not metrics.requests.values

        page, _ = metrics.page()
        assert b'strictgate_requests_total{route="chat/completions",status="200"} 1.0' in page
        metrics.observe(DONE)
        assert b"} 2.0" in page_of(merged([metrics.snapshot()]))[0]

    asyncio.run(run())


def test_what_is_read_when_it_is_asked_for():
    """Gauges of the application's parts."""
    assert shown(readings=[Reading("strictgate_x", "Of x.", lambda: 7)]) == {"x": 7}


def test_openmetrics():
    """For whoever asks for it."""
    page, kind = Metrics().page("application/openmetrics-text; version=1.0.0")

    assert kind.startswith("application/openmetrics-text")
    assert page.endswith(b"# EOF\n")

"""A request made into a test, into lines, into an archive."""

import json

from strictgate.inspector.details import unsavable
from strictgate.inspector.entries import Entry
from strictgate.observe.events import RequestFinished
from tests.gates import MOOD, gate, guarding_gate
from tests.inspector.views import ROOT, latest, listed


def test_a_request_is_saved_as_a_test(demo):
    """With the request, the upstream's answers in their order, and what came of it."""
    with guarding_gate(demo) as running:
        running.chat("no-json-schema+wrong-once", MOOD)
        asks = latest(running)["attempts_made"]
        answer = running.get(f"{ROOT}/test/{listed(running)[0]['id']}")
        saved = answer.json

    assert "attachment" in answer.headers["content-disposition"]
    assert saved["request"]["response_format"]["json_schema"]["schema"] == MOOD
    assert [each["status"] for each in saved["answers"]] == [each["status"] for each in asks]
    assert saved["expected"]["requests"] == len(asks)
    assert json.loads(saved["expected"]["contents"][0])["choice"] in ("angry", "calm")
    assert saved["capabilities"]["prefill"] == "trailing"
    assert saved["enforcement"]["max_attempts"] == 3


def test_what_was_not_enforced_cannot_be_saved(demo):
    """It says why."""
    with gate(demo) as running:
        running.chat("clean", None)
        answer = running.get(f"{ROOT}/test/{listed(running)[0]['id']}")

    assert answer.status == 400
    assert "not enforced" in answer.error["message"]


def test_what_was_left_cannot_be_saved():
    """The upstream was stopped for the client's sake: asked again, there is more of the answer."""
    over = RequestFinished("r", "POST", "/v1/chat/completions", 200, 1.0, client_left=True)

    assert unsavable(Entry("r", 0.0, 0.0, raw=b"{}", finished=over)) == (
        "its client left before it was over"
    )


def test_all_can_be_exported(demo):
    """The oldest first."""
    with gate(demo) as running:
        for model in ("clean", "no-json-schema"):
            running.chat(model)
        listed(running)
        lines = running.get(f"{ROOT}/export.jsonl").raw.decode().splitlines()
        log = running.get(f"{ROOT}/export.har").json["log"]
    first, second = map(json.loads, lines)

    assert (first["model"], second["model"]) == ("demo/clean", "demo/no-json-schema")
    assert second["schema"] == MOOD
    assert [each["status"] for each in second["attempts_made"]] == [400, 200]
    assert [each["response"]["status"] for each in log["entries"]] == [200, 400, 200]
    assert all(each["request"]["url"].endswith("/v1/chat/completions") for each in log["entries"])
    assert log["version"] == "1.2"

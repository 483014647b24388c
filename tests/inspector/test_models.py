"""The models: how they did, what was learned, and that it can be forgotten."""

from tests.gates import MOOD, gate
from tests.inspector.views import ROOT, listed


def shown(running):
    listed(running)
    return {row["model"]: row for row in running.get(f"{ROOT}/models").json}


def test_figures(demo):
    """By model, over what is kept."""
    with gate(demo) as running:
        for model in ("clean", "clean", "wrong-once", "truncates"):
            running.chat(model)
        rows = shown(running)

    assert (rows["demo/clean"]["requests"], rows["demo/clean"]["valid_at_once"]) == (2, 2)
    assert (rows["demo/wrong-once"]["valid"], rows["demo/wrong-once"]["valid_at_once"]) == (1, 0)
    assert rows["demo/truncates"]["valid"] == 0
    assert rows["demo/clean"]["median"] > 0
    assert len(rows["demo/clean"]["points"]) == 2


def test_what_is_no_document(demo):
    """A model that answers in words where it may is none that gives invalid documents."""
    function = {"name": "f", "strict": True, "parameters": MOOD}
    with gate(demo) as running:
        tools = [{"type": "function", "function": function}]
        assert running.chat("clean", None, tools=tools).content
        row = shown(running)["demo/clean"]

    assert (row["requests"], row["valid"]) == (0, 0)


def test_what_was_learned_is_told_and_forgotten(demo):
    """With its reason; then the mode is tried anew."""
    with gate(demo) as running:
        running.chat("no-json-schema")
        [fact] = shown(running)["demo/no-json-schema"]["facts"]
        [lesson] = shown(running)["demo/no-json-schema"]["lessons"]
        about = {"upstream": "demo", "model": "demo/no-json-schema"}
        running.post(about, f"{ROOT}/forget")
        after = shown(running)["demo/no-json-schema"]["facts"]
        again = running.chat("no-json-schema").json

    assert (fact["fact"], fact["details"]) == ("no_mode", ["native"])
    assert lesson["event"] == "ModeRefused"
    assert "native" in lesson["why"]
    assert after == []
    assert again["x_strictgate"]["refused"]

"""`strictgate replay`: what was saved comes to the same again, and what differs is told."""

import json

import pytest

from strictgate.commands.main import main
from strictgate.commands.replay import NotATest, replay
from strictgate.demo.upstream import create_demo
from tests.gates import MOOD, gate, guarding_gate
from tests.inspector.views import ROOT, listed
from tests.servers import serving
from tests.streams import REPORT

MODELS = ("clean", "wrong-once", "no-json-schema+fenced", "wrong-enum", "prose", "truncates")


def saved_of(running):
    """The request that came last, as a test."""
    return running.get(f"{ROOT}/test/{listed(running)[0]['id']}").json


@pytest.fixture(scope="module")
def upstream():
    with serving(create_demo()) as url:
        yield url


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("goes_on", [True, False])
def test_what_was_saved_comes_again(upstream, model, goes_on):
    """Of answers of each kind, mended, continued, refused or never right."""
    with (guarding_gate if goes_on else gate)(upstream) as running:
        running.chat(model, MOOD)
        saved = saved_of(running)

    assert replay(saved) == []


@pytest.mark.parametrize("model", ["continues+wrong-twice", "clean", "continues+slips-30"])
def test_streams_come_again(upstream, model):
    """They are cut at the same bytes."""
    with guarding_gate(upstream) as running:
        running.chat(model, REPORT, stream=True)
        saved = saved_of(running)

    assert replay(saved) == []


def test_responses_come_again(upstream):
    """Of another surface."""
    inner = {"type": "json_schema", "name": "mood", "schema": MOOD}
    with gate(upstream) as running:
        running.post(
            {"model": "demo/wrong-once", "input": "hi", "text": {"format": inner}}, "/v1/responses"
        )
        saved = saved_of(running)

    assert saved["surface"] == "responses"
    assert replay(saved) == []


def test_differences_are_told(upstream, tmp_path, capsys):
    """Then and now, and the exit code says it."""
    with gate(upstream) as running:
        running.chat("clean", MOOD)
        saved = saved_of(running)
    good, bad, none = (tmp_path / name for name in ("good.json", "bad.json", "none.json"))
    good.write_text(json.dumps(saved))
    bad.write_text(json.dumps(saved | {"expected": saved["expected"] | {"requests": 5}}))
    none.write_text('{"a": 1}')

    assert main(["replay", str(good)]) == 0
    assert main(["replay", str(good), str(bad)]) == 1
    assert "requests: then 5, now 1" in capsys.readouterr().out
    assert main(["replay", str(none)]) == 2
    assert "not a test" in capsys.readouterr().err


def test_what_is_no_test(upstream):
    """It says why."""
    with pytest.raises(NotATest, match="format 1"):
        replay([])
    with pytest.raises(NotATest, match="missing"):
        replay({"strictgate_test": 1})


def chain(**tables):
    """The tables of [models] for behaviours of the demonstration, each with its fallbacks."""
    return {
        f"demo/{name}": {"upstream": "demo", "model": f"demo/{behaviour}", **more}
        for name, (behaviour, more) in tables.items()
    }


CHAINS = {
    "answers": ("wrong-enum", "clean"),
    "refuses": ("401", "clean"),
    "none is right": ("401", "wrong-enum", "prose"),
    "the same model twice": ("wrong-enum", "wrong-enum", "clean"),
}


@pytest.mark.parametrize("behaviours", CHAINS.values(), ids=CHAINS)
@pytest.mark.parametrize("goes_on", [True, False])
def test_fallbacks_are_asked_again(upstream, behaviours, goes_on):
    """In their order, with the answers of all; what came says which were asked."""
    names = [f"m{number}" for number in range(len(behaviours))]
    tables = {name: (behaviour, {}) for name, behaviour in zip(names, behaviours, strict=True)}
    tables["m0"] = behaviours[0], {"fallbacks": [f"demo/{each}" for each in names[1:]]}
    with (guarding_gate if goes_on else gate)(upstream, models=chain(**tables)) as running:
        running.chat("m0", MOOD)
        saved = saved_of(running)

    assert [each["name"] for each in saved["fallbacks"]] == [f"demo/{each}" for each in names[1:]]
    assert saved["expected"]["models"] == [*dict.fromkeys(f"demo/{each}" for each in behaviours)]
    assert replay(saved) == []
    assert replay(saved | {"fallbacks": saved["fallbacks"][:-1]})


def test_what_was_written_down_is_again(upstream):
    """By the model that the last text went to, which is none of the fallbacks."""
    tables = {"m": ("ignores-schema", {"repair_model": "demo/w"}), "w": ("clean", {})}
    with gate(upstream, models=chain(**tables)) as running:
        running.chat("m", MOOD)
        saved = saved_of(running)

    assert saved["fallbacks"] == []
    assert saved["repair_model"]["name"] == "demo/w"
    assert saved["expected"]["models"] == ["demo/ignores-schema", "demo/clean"]
    assert replay(saved) == []


def test_tests_of_before(upstream):
    """A file without fallbacks is still one."""
    with gate(upstream) as running:
        running.chat("clean", MOOD)
        saved = saved_of(running)
    del saved["fallbacks"], saved["repair_model"], saved["expected"]["models"]

    assert replay(saved) == []

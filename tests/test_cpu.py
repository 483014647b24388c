"""How benchmarks/cpu.py asks, counts and compares; nothing is measured here."""

import json
import os
import time
from pathlib import Path

import pytest
from jsonschema import validate

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
FIGURES = {
    "date": "2026-01-02",
    "machine": "1 core",
    "python": "3.12.1",
    "yardstick": 10.0,
    "microseconds": {"guarded": 300.0, "tools": 100.0},
}


def test_there_are_eight_paths(benchmark):
    """Each with a name of its own, and figures in cpu.json."""
    names = [path.name for path in benchmark("cpu_paths").PATHS]
    committed = json.loads((BENCHMARKS / "cpu.json").read_text())

    assert len(set(names)) == 8
    assert list(committed["microseconds"]) == names


def test_the_upstream_says_what_the_schema_wants(benchmark):
    """So nothing is asked twice; a stream says the same."""
    paths = benchmark("cpu_paths")
    validate(json.loads(paths.DOCUMENT), paths._SCHEMA)
    events = [line for line in paths._events("m", paths.DOCUMENT) if "[DONE]" not in line]
    deltas = [json.loads(event[6:])["choices"][0]["delta"] for event in events]

    assert "".join(delta.get("content", "") for delta in deltas) == paths.DOCUMENT


def test_every_path_is_answered_right(benchmark):
    """By this gateway, beside the upstream; each answer with its proof."""
    cpu, paths = benchmark("cpu"), benchmark("cpu_paths")
    with cpu.instant_upstream() as upstream, cpu.gateway(cpu.ROOT, upstream) as gateway:
        assert [cpu.fault(gateway.port, path) for path in paths.PATHS] == [""] * 8
        wrong = paths.RequestPath("none", "unknown", {}, "never said")
        assert "status" in cpu.fault(gateway.port, wrong)


def test_the_clock_of_a_process_is_its_own_and_its_childrens(benchmark):
    """No less than what this process says of itself before, no more than all do after."""
    before = time.process_time()
    counted = benchmark("cpu").processor_time(os.getpid())

    assert counted >= before
    assert os.getpid() in benchmark("processes").descendants(os.getpid())


def test_ratios_are_taken_round_by_round(benchmark):
    """A round in which the machine was slow was slow for both."""
    assert benchmark("cpu").ratio([110, 220, 105], [100, 200, 100]) == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("committed", "measured", "rows"),
    [
        ({}, [{}], ["| guarded | 300 | - |", "| tools | 100 | - |"]),
        (
            FIGURES | {"yardstick": 20.0, "microseconds": {"guarded": 300.0}},
            [{}],
            ["| guarded | 300 | 2.00 |", "| tools | 100 | - |"],
        ),
        (
            FIGURES,
            [{"guarded": [3.0], "tools": [1.0]}, {"guarded": [2.0], "tools": [4.0]}],
            ["| guarded | 300 | 1.00 | 1.500 |", "| tools | 100 | 1.00 | 0.250 |"],
        ),
    ],
)
def test_the_table(benchmark, committed, measured, rows):
    """Committed figures are put in relation to the yardstick; what is not known is a dash."""
    others = ["÷ against"] * (len(measured) - 1)

    assert list(benchmark("cpu").table(FIGURES, committed, measured, others))[-2:] == rows


def test_figures_are_medians(benchmark):
    """As cpu.json holds them."""
    figures = benchmark("cpu").conditions({"tools": [3.0, 1.0, 2.04]}, 12.34)

    assert figures["microseconds"] == {"tools": 2.0}
    assert figures["yardstick"] == 12.3
    assert figures.keys() == FIGURES.keys()


def test_streams_say_what_the_schema_wants(benchmark):
    """In deltas of the same size, of which there are as many as are asked for, or a few more."""
    streams = benchmark("streams")
    for deltas in (streams.SHORT, streams.LONG):
        text = streams.document(deltas)
        validate(json.loads(text), streams._SCHEMA)
        assert deltas <= len(text) / streams.SIZE < deltas + 50
        events = [each.split(b"\r\n", 1)[1][6:] for each in streams.events("m", text)][:-1]
        said = [json.loads(event)["choices"][0]["delta"].get("content", "") for event in events]
        assert "".join(said) == text
        assert {len(each) for each in said[1:-2]} == {streams.SIZE}

"""What deploy/ watches is there: every metric that a panel or an alert names."""

import json
import re
from pathlib import Path

import pytest

from strictgate.observe.metrics import Metrics
from strictgate.observe.tables import CounterTable, HistogramTable
from tests.gates import gate

DEPLOY = Path(__file__).parent.parent / "deploy"
NAME = re.compile(r"\b(?:strictgate|process)_[a-z_]+")
ALERTS = (DEPLOY / "prometheus" / "alerts.yml").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana" / "strictgate.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.fixture(scope="module")
def names(demo):
    """The names of all samples that there can be."""
    with gate(demo) as running:
        page = running.get("/metrics").raw.decode()
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE)
    suffixes = {"histogram": ("_bucket", "_count", "_sum")}
    return {name + end for name, kind in kinds for end in suffixes.get(kind, ("",))}


def expressions():
    yield from (target["expr"] for panel in PANELS for target in panel["targets"])
    yield from re.findall(r"expr: (?:\|\n)?((?:.+\n)+?)(?= +(?:for|labels):)", ALERTS)


def test_every_metric_that_is_named_exists(names):
    """In the panels and in the alerts; `process_…` is of Linux alone."""
    found = {name for each in expressions() for name in NAME.findall(each)}

    assert len(found) > 30
    assert {name for name in found if name.startswith("strictgate_")} <= names


def test_every_metric_is_shown(names):
    """No table is without a panel."""
    shown = {name for each in expressions() for name in NAME.findall(each)}
    tables = {
        table.name
        for table in vars(Metrics()).values()
        if isinstance(table, CounterTable | HistogramTable)
    }
    left = {name for name in tables if not any(each.startswith(name) for each in shown)}

    assert left <= {"strictgate_key_requests", "strictgate_key_cost", "strictgate_breaker_changes"}


def test_the_alerts():
    """As many expressions as alerts, each with its words; promtool checks their grammar."""
    alerts = ALERTS.count("- alert: ")
    assert alerts == len(re.findall(r"^ +expr: ", ALERTS, re.MULTILINE)) > 5
    assert alerts == ALERTS.count("summary: ") == ALERTS.count("description: ")
    assert "\t" not in ALERTS


def test_the_dashboard():
    """Panels do not overlap, ids are unique, every query names its data source."""
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["legendFormat"] for target in panel["targets"])

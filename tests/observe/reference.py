"""Writes the table of the metrics into docs/observability.md: `make reference`."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from strictgate.api.metrics import readings
from strictgate.observe.metric_tables import MetricTables
from strictgate.observe.tables import CounterTable, GaugeTable

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
BEGIN = "<!-- Written by `make reference` from observe/metric_tables.py; a test compares. -->\n"
END = "\n<!-- The end of what is written. -->\n"


def table() -> str:
    """Return a row for each metric: its name, type, labels and meaning."""
    rows = ["| metric | type | labels | what it counts |", "|---|---|---|---|"]
    for each in vars(MetricTables()).values():
        is_counter = type(each) is CounterTable
        kind = "counter" if is_counter else "gauge" if type(each) is GaugeTable else "histogram"
        name = f"{each.name}_total" if is_counter else each.name
        labels = ", ".join(f"`{label}`" for label in each.labels)
        rows.append(f"| `{name}` | {kind} | {labels} | {each.text} |")
    anything: Any = SimpleNamespace(store=SimpleNamespace(), workers=SimpleNamespace())
    anything.serving = SimpleNamespace(gateway=anything)
    for reading in readings(anything, anything, anything, anything):
        rows.append(f"| `{reading.name}` | gauge | | {reading.text} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """Return the page with the table as it must be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")

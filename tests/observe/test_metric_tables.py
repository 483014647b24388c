"""The tables of /metrics."""

from strictgate.observe.metric_tables import MetricTables


def test_each_metric_has_a_name_of_its_own_and_says_what_it_counts():
    """Prometheus takes no two of one name."""
    tables = list(vars(MetricTables()).values())

    assert len({each.name for each in tables}) == len(tables)
    assert all(each.name.startswith("strictgate_") and each.text.endswith(".") for each in tables)

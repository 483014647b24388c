"""The page about observation says what is counted."""

from tests.observe.reference import BEGIN, END, PAGE, page, table


def test_the_page_is_current():
    """`make reference` would change nothing."""
    text = PAGE.read_text(encoding="utf-8")

    assert text.count(BEGIN) == text.count(END) == 1
    assert text == page()


def test_each_metric_is_there_once():
    """Counters by the names that they have on the page."""
    names = [row.split("|")[1].strip() for row in table().splitlines()[2:]]

    assert len(names) == len(set(names))
    assert {"`strictgate_requests_total`", "`strictgate_streams_open`"} <= {*names}

"""Rows of public bug reports, played against a gateway, and what is right for each of them.

A row has the caller's request, what its upstream answers, and in words what is right. The rows are
in the corpora folder (tests/corpora.py); what is right is in tests/data/reports_expected.json, in
a form that can be checked, and what is known to be wrong today in tests/data/reports_open.json.

    rows        the rows as cases: one row, one preset, one way of asking.
    script      the upstream of one case: its answers in order, and what it refuses.
    rendering   an answer of a script, as JSON or as server-sent events.
    upstream    all scripts behind one port, as an ASGI application.
    client      a case's requests, sent; tool loops and second requests included.
    came        what came of it, read: text, calls, finish, error, events, what was asked upstream.
    telling     the same in one line.
    expecting   what is right, and what of it did not come.

`python -m tests.reports [KEY…]` prints a line for each case; `--got` compares with the rows' own.
"""

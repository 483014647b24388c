"""Strict JSON byte by byte."""

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.reader import NotJSON, parse_json
from strictgate.core.jsontext.scanner import Expects, Scanner
from tests.core.jsontext.test_reader import JSON
from tests.corpora import rows
from tests.tables import cases

PIECES = [
    *('"', "\\", "\\u00e9", "\\ud83d", "\\ude00", "é", "€", "😀", "{", "}", "[", "]", ",", ":"),
    *(" ", "\n", "\x00", "\x7f", "1", "-", "0", ".5", "e", "1e400", "1" * 4301, "tru", "e", "null"),
    *('"a"', '{"a":', '"b":[1,2]', ',"a":1}', "[true,", '"\\ud83d\\ude00"', "NaN", "\ufeff"),
]
BYTES = st.sampled_from([bytes([byte]) for byte in b"\x80\xa0\xc2\xe0\xed\xf0\xf4\xff"])
WRITTEN = JSON.map(json.dumps) | JSON.map(lambda value: json.dumps(value, ensure_ascii=False))
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES).map(str.encode) | BYTES, max_size=9).map(b"".join),
    WRITTEN.map(str.encode),
    st.tuples(WRITTEN.map(str.encode), st.integers(0, 60), BYTES | st.just(b'"')).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
    ),
)


def reads(data):
    """Return whether the reader of whole texts takes it."""
    try:
        parse_json(data.decode())
    except (NotJSON, UnicodeDecodeError):
        return False
    return True


def scanned(*pieces):
    scanner = Scanner()
    for piece in pieces:
        if scanner.consume(piece) < len(piece):
            break
    return scanner


def state(scanner):
    """Return all that can be seen of a scanner."""
    where = (scanner.text, scanner.path, scanner.open_path, scanner.token, scanner.token_start)
    tree = (repr(scanner.value), repr(scanner.containers), scanner.last, scanner.is_complete())
    names = [scanner.name_spans(depth) for depth in range(len(scanner.containers))]
    return (*where, *tree, scanner.expects, scanner.blanks, scanner.starts, names)


def agrees(data):
    scanner = scanned(data)
    is_whole = len(scanner) == len(data) and scanner.is_complete()
    assert is_whole is reads(data)
    if is_whole:
        assert repr(scanner.value) == repr(parse_json(data.decode()))


@pytest.mark.parametrize(("group", "case"), cases("guard_scanner"))
def test_the_first_byte_that_cannot_belong(group, case):
    """It is refused, and none before it."""
    data = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
    assert Scanner().consume(data) == (len(data) if case["refused"] is None else case["refused"])


def test_depth():
    """128 levels are taken in, one more is refused at its bracket."""
    assert Scanner().consume(b"[" * 128 + b"]" * 128) == 256
    assert Scanner().consume(b'{"a":' * 200) == 128 * 5


def test_digits():
    """An integer of too many digits is refused behind them, for it may become a fraction."""
    assert scanned(b"1" * 5000 + b" ").text == b"1" * 5000
    assert scanned(b"1" * 5000 + b"e-4999 ").is_complete()
    assert not scanned(b"1" * 5000).is_complete()


@given(TEXTS)
def test_the_same_verdict_as_for_whole_texts(data):
    """What is read whole is taken in and complete, and nothing else is; the value is the same."""
    agrees(data)


def test_the_same_verdict_over_a_test_suite():
    """The parsing suite, valid UTF-8 or not."""
    for row in rows("nst/parsing.jsonl"):
        text = row.get("text")
        agrees(base64.b64decode(row.get("bytes_b64", "")) if text is None else text.encode())


@given(TEXTS, st.lists(st.integers(0, 80), max_size=4))
def test_the_cut_makes_no_difference(data, cuts):
    """Whole, in pieces and byte by byte: the same state."""
    whole = state(scanned(data))
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert state(scanned(*(data[start:end] for start, end in pairwise(places)))) == whole
    assert state(scanned(*(data[at : at + 1] for at in range(len(data))))) == whole


@given(TEXTS, st.integers(0, 80))
def test_back_and_forth(data, count):
    """Taking back leaves the state of the shorter text; the same bytes lead to the same again."""
    scanner = scanned(data)
    before, taken = state(scanner), scanner.text
    count = min(count, len(taken))
    scanner.rollback(count)
    assert state(scanner) == state(scanned(taken[: len(taken) - count]))
    scanner.consume(taken[len(taken) - count :])
    assert state(scanner) == before


@given(TEXTS, st.integers(0, 80), TEXTS)
def test_a_fork_goes_its_own_way(data, count, other):
    """Whatever happens to one of two, the other stays."""
    scanner = scanned(data)
    twin = scanner.fork()
    before = state(scanner)
    for one, another in ((twin, scanner), (scanner, twin.fork())):
        kept = state(another)
        one.rollback(min(count, len(one)))
        one.consume(other)
        assert state(another) == kept
    assert before == state(scanned(data))


CLOSING = [b'"', b"}", b"]", b":", b"0", *(bytes([byte]) for byte in b"\x80\x90\xa0u\\dcrelsa")]


@given(TEXTS)
def test_what_is_taken_in_can_be_finished(data):
    """No byte is refused too late: some document begins like this."""
    scanner = scanned(data.replace(b"1e400", b"").replace(b"1" * 4301, b""))
    for _ in range(2000):
        if scanner.is_complete():
            break
        assert any(scanner.consume(byte) for byte in CLOSING), scanner.text
    assert reads(scanner.text)


def test_far_back():
    """Further back than the journal reaches, the text is read again."""
    data = json.dumps([{"a": [number, "x"]} for number in range(2000)]).encode()
    scanner = scanned(data)
    scanner.rollback(len(data) - 100)
    assert state(scanner) == state(scanned(data[:100]))


STANDS = [
    (b"", (), Expects.VALUE, None, None, 0),
    (b'{"a', (), Expects.COLON, LexicalToken.NAME, None, 0),
    (b'{"a" ', ("a",), Expects.COLON, None, (LexicalToken.NAME, 1), 1),
    (b'{"a":\n\t', ("a",), Expects.VALUE, None, None, 2),
    (b'{"a":"  ', ("a",), Expects.COMMA_OR_END, LexicalToken.STRING, None, 0),
    (b'{"a":1', ("a",), Expects.COMMA_OR_END, LexicalToken.NUMBER, None, 0),
    (b'{"a":1 ', (), Expects.COMMA_OR_END, None, (LexicalToken.NUMBER, 5), 1),
    (b'{"a":1,', (), Expects.NAME, None, None, 0),
    (b"[", (0,), Expects.VALUE_OR_END, None, None, 0),
    (b"[[1], {", (1,), Expects.NAME_OR_END, None, None, 0),
    (b"[tr", (0,), Expects.COMMA_OR_END, LexicalToken.LITERAL, None, 0),
    (b"[true", (1,), Expects.COMMA_OR_END, None, (LexicalToken.LITERAL, 1), 0),
    (b"[] ", (), Expects.NOTHING, None, None, 1),
    (b"12", (), Expects.NOTHING, LexicalToken.NUMBER, None, 0),
]


@pytest.mark.parametrize(("data", "path", "expects", "token", "last", "blanks"), STANDS)
def test_where_it_stands(data, path, expects, token, last, blanks):
    """Path, what must come, the open token, the one closed last, blanks."""
    scanner = scanned(data)
    assert (scanner.path, scanner.expects, scanner.token) == (path, expects, token)
    assert (scanner.last, scanner.blanks) == (last, blanks)


def test_the_tree_so_far():
    """What is open is in it as far as it is closed; the open containers are its own."""
    scanner = scanned(b'{"a":[1,{"b":"x","c":"y')
    assert scanner.value == {"a": [1, {"b": "x"}]}
    assert scanner.containers == ({"a": [1, {"b": "x"}]}, [1, {"b": "x"}], {"b": "x"})
    assert (scanner.open_path, scanner.path) == (("a", 1), ("a", 1, "c"))


def test_stopping_behind_a_value():
    """Behind the byte that closed it; behind the delimiter, for a number."""
    data = b'{"a": [12, "x"], "b": 1}'
    scanner, stops = Scanner(), []
    while len(scanner) < len(data):
        scanner.consume(data[len(scanner) :], to_close=True)
        stops.append(data[: len(scanner)])
    assert [stop[-4:] for stop in stops] == [b"[12,", b' "x"', b'"x"]', b": 1}"]


def test_where_containers_and_names_stand():
    """Each open object has the names that stand in it so far, that of an open member too."""
    text = b'{"a": {"x": ["}"]}, "b\\"": [{"c": 1, "d": '
    scanner = scanned(text)
    assert scanner.starts == (0, 27, 28)
    assert [text[slice(*span)] for span in scanner.name_spans(0)] == [b'"a"', b'"b\\""']
    assert scanner.name_spans(1) == []
    assert [text[slice(*span)] for span in scanner.name_spans(2, last=True)] == [b'"d"']
    assert [scanner.last_name_start(depth) for depth in range(3)] == [20, -1, 37]


# --- marks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [0, 1, 3, 9, 20])
def test_a_mark_is_come_back_to(back):
    """Whatever was taken back and written meanwhile, marks within marks included."""
    text = b'{"a": [1, {"b": "x\\u00e9y"}], "c": tru'
    scanner = scanned(text)
    before = state(scanner)
    outer = scanner.mark()
    scanner.rollback(back)
    scanner.consume(b"  ")
    middle = state(scanner)
    inner = scanner.mark()
    scanner.rollback(min(back + 2, len(scanner)))
    scanner.restore(inner)
    assert state(scanner) == middle
    scanner.restore(outer)
    assert state(scanner) == before


def test_a_long_way_back_is_read_from_the_container_that_goes_on():
    """The journal is shorter than that: the containers around stay, with what they hold."""
    rows = b",".join(b'{"n": %d}' % at for at in range(3_000))
    scanner = scanned(b'{"before": {"x": 1}, "rows": [' + rows)
    kept = scanner.value["before"]
    scanner.rollback(len(rows) - 8)
    assert state(scanner) == state(scanned(b'{"before": {"x": 1}, "rows": [' + rows[:8]))
    assert scanner.value["before"] is kept


def test_blanks_are_not_counted_byte_by_byte():
    """However many there are."""
    for count in (0, 1, 63, 64, 65, 1_000):
        assert scanned(b"[1," + b" " * count).blanks == count
        assert scanned(b" " * count).blanks == count

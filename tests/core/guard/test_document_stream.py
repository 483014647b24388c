"""One reply on its way into a draft."""

import pytest

from strictgate.core.guard import document_reader
from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.document_reader import DocumentState, DocumentText, read_document
from strictgate.core.guard.judge_behind import Behind
from strictgate.core.guard.text_behind import RUNAWAY
from strictgate.core.repair_steps import Extraction, LosslessRepair, Repair, SyntaxRepair
from tests.core.guards import draft, guard, reading

GOOD = '{"name": "Ann", "age": 7, "mood": "calm"}'
WRONG = '{"name": "Ann", "age": "7",\n "mood": happy, "notes": []}'


def read(made, text, size=0):
    """Feed `text`, in pieces of `size` characters, and end."""
    for start in range(0, len(text), size or len(text)):
        made.feed(text[start : start + (size or len(text))])
    made.flush()
    return made


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (GOOD, []),
        (f"```json\n{GOOD}\n```", [Extraction.FENCE, Extraction.PROSE]),
        (f"<think>{{hm}}</think>\n{GOOD}", [Extraction.THINK]),
        (GOOD + "\nI hope that this helps: {}", []),
    ],
)
def test_whole(text, steps):
    """The document is found, and what follows it does not count."""
    made = read(reading(), text)
    assert made.state is DocumentState.CLOSED
    assert made.draft.text == GOOD
    assert made.has_begun
    assert [step.name for step in made.steps if step.name is not Extraction.PROSE] == [
        step for step in steps if step is not Extraction.PROSE
    ]


def test_mends_on_the_way():
    """What can be mended is, and the reading goes on."""
    made = read(reading(), GOOD.replace("7", '"7"').replace('"calm"}', "'calm',}"))
    assert made.state is DocumentState.CLOSED
    assert made.draft.text == GOOD
    assert {step.name for step in made.draft.steps} == {
        LosslessRepair.STRING_TO_NUMBER,
        SyntaxRepair.QUOTES,
        SyntaxRepair.TRAILING_COMMA,
    }


def test_violation():
    """What cannot be mended ends it: the good part stays, and what was refused is ahead."""
    made = read(reading(), GOOD.replace("calm", "happy"))
    assert made.state is DocumentState.VIOLATED
    assert made.draft.text.startswith('{"name": "Ann", "age": 7, "mood":')
    assert made.ahead.lstrip(b'"').startswith(b"happy")
    assert made.is_hopeless


def test_another_spelling_might_help():
    """A violation that is none of the values' own may yet be mended by a reader of the whole."""
    made = read(reading(level=Repair.OFF), "{\"name\": 'Ann'}")
    assert made.state is DocumentState.VIOLATED
    assert not made.is_hopeless


@pytest.mark.parametrize("text", [GOOD[:26] + "\n" * 200, "\n" * 200])
def test_runaway_blanks(text):
    """Endless blanks end it, and do not stay."""
    made = read(reading(), text)
    assert made.state is DocumentState.VIOLATED
    assert made.ran_away
    assert not made.draft.guard.text.endswith(b"\n\n")
    assert RUNAWAY < 200


@pytest.mark.parametrize(
    "text",
    [
        'Sure, it is {"name": "Ann",' + "\n" * 200,
        'Sure, it is {"name": "Ann and all of her many friends", "age": 7,' + "\n" * 200,
        'Sure, it is {"name": "Ann"} or {"name": "Bob", ' + " " * 200,
        "I will think about it." + " \n" * 100,
        'Sure.\n```json\n{"name": "Ann",\n' + "\t" * 200,
    ],
)
def test_runaway_blanks_where_the_start_is_not_certain(text):
    """In prose, and in what may be the document, they end it as soon as there are too many."""
    made = reading()
    run = text.rstrip()
    for at, each in enumerate(text):
        made.feed(each)
        assert made.ran_away is (at + 1 - len(run) > RUNAWAY)
    assert made.state is DocumentState.VIOLATED
    assert not made.has_begun


@pytest.mark.parametrize("blanks", [" " * 200, " | \n" + " " * 200])
def test_blanks_in_a_string_are_text(blanks):
    """Also where the start is not certain: a table may be set in blanks."""
    made = reading()
    for each in 'Sure, it is {"name": "Ann' + blanks:
        made.feed(each)
    assert made.state is DocumentState.SEEKING


@pytest.mark.parametrize(
    "text", [GOOD, WRONG, f"```json\n{GOOD}\n```", GOOD[:-1] + ",}", GOOD[:-9]]
)
def test_same_at_every_split(text):
    """Whole, split at every point, or character by character: the same draft and state."""

    def told(made):
        place = made.refused_at if made.state is DocumentState.VIOLATED else None
        return made.state, made.draft.text, made.draft.steps, made.steps, place

    whole = told(read(reading(), text))
    assert told(read(reading(), text, 1)) == whole
    for at in range(1, len(text)):
        made = reading()
        made.feed(text[:at])
        assert told(read(made, text[at:])) == whole, at


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (' 7, "mood": "calm"}', ContinuationKind.CONTINUATION),
        (GOOD, ContinuationKind.ECHO),
        (f"```json\n{GOOD}\n```", ContinuationKind.FRESH),
        (GOOD.replace("Ann", "Bob"), ContinuationKind.FRESH),
    ],
)
def test_reply_to_a_prefix(answer, kind):
    """Gone on, repeated, or begun anew: in each case a document, the last in a draft of its own."""
    text = '{"name": "Ann", "age":'
    for size in (0, 1, 3):
        mine = draft(text=text)
        aligner = Aligner(mine.guard, b"", len(text), is_proven=False)
        made = read(reading(mine, aligner=aligner), answer, size)
        assert (made.kind, made.state) == (kind, DocumentState.CLOSED)
        assert (made.draft is mine) == (kind is not ContinuationKind.FRESH)
        assert made.draft.text == (GOOD.replace("Ann", "Bob") if "Bob" in answer else GOOD)


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize("behind", ["\n\nHere it is again:\n", "\n```\nThis is ", "}\nNote: "])
def test_behind_the_rest_of_a_document(behind, size):
    """A model that was to write the rest of one has done so where it goes on with other words."""
    text = '{"name": "Ann", "age":'
    mine = draft(text=text)
    made = reading(mine, aligner=Aligner(mine.guard, b"", len(text), is_proven=True))
    answer = ' 7, "mood": "calm"}' + behind + GOOD.replace("Ann", "Bob")
    read(made, answer, size)
    assert (made.state, made.is_settled, made.behind.is_cut) == (DocumentState.CLOSED, True, True)
    assert made.meaning_behind() is Behind.TALK
    assert made.draft.text == GOOD


def test_a_copy_of_the_schema_shows():
    """It is told while it is being written, unless the document is one of the schema's own."""
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    made = read(
        reading(draft(schema)), '{"type": "object", "properties": {"name": {"type": ' + "1" * 40, 1
    )
    assert made.is_schema
    made = read(reading(draft(schema)), '{"name": "Ann", "type": "object", "x": "' + "y" * 99, 1)
    assert not made.is_schema


def test_repetition_shows():
    """What is repeated in this reply counts, not what stood in those before it."""
    schema = {"type": "array", "items": {"type": "string"}}
    text = '["CREATE_TYPE", ' * 1 + '"CREATE_TYPE", ' * 30
    assert read(reading(draft(schema)), text, 5).repeats == 15
    mine = draft(schema, text)
    made = reading(mine, aligner=Aligner(mine.guard, b"", len(text), is_proven=True))
    assert not read(made, '"CREATE_TYPE", ' * 9, 5).repeats


def test_wrapper():
    """Of a wrapped document only what is in the wrapper counts."""
    made = read(reading(wrapped=True), f'{{"value": {GOOD}}}')
    assert made.draft.text == GOOD
    assert made.draft.prefix.startswith(b'{"value": {')
    assert guard(text=made.draft.text).is_closed()


def test_mends_are_bounded(monkeypatch):
    """A text that is wrong all over does not cost without end."""
    monkeypatch.setattr(document_reader, "MOST_MENDS", 1000)
    made = read(reading(draft({"type": "array", "items": {"type": "integer"}})), str(["1"] * 2000))
    assert made.state is DocumentState.VIOLATED
    assert len(made.draft.steps) == 1000


def test_code_is_mere_talk():
    """A bracket opens a document only where one can follow."""
    code = "def f(x):\n    return [json.dumps(x)]\n" * 20
    assert read(reading(), code).is_mere_talk
    assert read(reading(), "```python\nx = {a: 1}\n" + code[:520]).is_mere_talk
    assert not read(reading(), "```json\n{a: 1}\n" + code[:520]).is_mere_talk
    assert not read(reading(), f"{code[:500]} [1, 2] {code[:100]}").is_mere_talk


def test_many_mends():
    """A text that streams is mended as often as one that came whole."""
    schema = {"type": "array", "items": {"type": "integer"}}
    text = "[" + ",".join(f'"{number}"' for number in range(1200)) + "]"
    made = read(reading(draft(schema, grammar=False)), text, size=2000)
    whole = read_document(text, guard(schema, grammar=False), Repair.LOSSLESS)

    assert made.state is DocumentState.CLOSED
    assert isinstance(whole, DocumentText)
    assert made.draft.text == whole.text

"""Instructions and feedback."""

from strictgate.core.capabilities import Mode
from strictgate.core.plan import prompt
from strictgate.core.request.options import PROMPT_TEMPLATE
from strictgate.core.schema.problems import Problem

PROBLEM = Problem(("a", 0), ("properties", "a", "items", "type"), "Type", ["string"], "expected x")


def test_instructions_hold_schema_and_the_word():
    """The schema stands between its tags, byte for byte, and JSON is mentioned."""
    text = prompt.instructions(Mode.PROMPT, "x", '{"enum":["{schema}"]}', PROMPT_TEMPLATE)

    assert '<json_schema>\n{"enum":["{schema}"]}\n</json_schema>' in text
    assert "JSON" in text


def test_instructions_for_a_call():
    """A forced call is named."""
    assert prompt.instructions(Mode.TOOL, "review", "{}", "T {schema}").endswith("T {}")
    assert "review" in prompt.instructions(Mode.TOOL, "review", "{}", "T {schema}")


def test_instructions_without_schema():
    """Any object may be asked for."""
    assert "JSON object" in prompt.instructions(Mode.JSON_OBJECT, "x", None, PROMPT_TEMPLATE)


def test_merge_into_the_first_system_message():
    """The first system or developer message gets the text at its end; the rest is as it was."""
    messages = [
        {"role": "user", "content": "u"},
        {"role": "developer", "content": "d", "name": "n"},
        {"role": "system", "content": "s"},
    ]

    assert prompt.with_instructions(messages, "T") == [
        messages[0],
        {"role": "developer", "content": "d\n\nT", "name": "n"},
        messages[2],
    ]


def test_merge_without_system_message():
    """There is a new one in front where there is none."""
    user = {"role": "user", "content": "u"}

    assert prompt.with_instructions([user], "T") == [{"role": "system", "content": "T"}, user]


def test_merge_into_parts():
    """Content in parts gets one more."""
    messages = [{"role": "system", "content": [{"type": "text", "text": "s"}]}]

    merged = prompt.with_instructions(messages, "T")
    assert merged[0]["content"] == [
        {"type": "text", "text": "s"},
        {"type": "text", "text": "T"},
    ]


def test_user_text():
    """What the user has said, in all of his turns."""
    parts = [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {}}]
    messages = [
        {"role": "system", "content": "x"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": parts},
    ]
    assert prompt.user_text(messages) == "a\nb"


def test_mention_json():
    """The word is found in any spelling, in parts too, and nowhere else."""
    assert prompt.mention_json([{"role": "user", "content": "as Json"}])
    assert prompt.mention_json([{"content": [{"type": "text", "text": "jSON please"}]}])
    assert not prompt.mention_json([{"role": "json", "content": "xml"}, {"content": None}])


def test_feedback():
    """The wrong answer is the assistant's turn, the problems are the user's."""
    turns = prompt.feedback_messages('{"a":[1]}', [PROBLEM], "")

    assert turns[0] == {"role": "assistant", "content": '{"a":[1]}'}
    assert turns[1]["role"] == "user"
    assert "- /a/0: expected x" in turns[1]["content"]


def test_feedback_is_bounded():
    """Neither a long answer nor many or long problems blow it up."""
    long = Problem((), ("x",), "Type", None, "y" * 10_000)
    turns = prompt.feedback_messages("z" * 100_000, [long] * 500, "")

    assert sum(len(turn["content"]) for turn in turns) < 20_000


def test_feedback_on_what_is_not_json():
    """The reason stands in for problems; an empty answer is still a turn."""
    turns = prompt.feedback_messages("", [], "no JSON document in the answer")

    assert turns[0]["content"]
    assert "- no JSON document in the answer" in turns[1]["content"]


def test_hint_joins_the_last_message_of_the_user():
    """Some templates insist that the roles take turns."""
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert prompt.with_hint(messages, "mind") == [
        {"role": "user", "content": "a\n\nmind"},
        {"role": "assistant", "content": "b"},
    ]
    assert prompt.with_hint([], "mind") == [{"role": "user", "content": "mind"}]


def test_hint_and_question_name_what_is_allowed():
    """In the spelling of JSON, and where."""
    assert '/mood: only one of these is allowed here: "a", "b"' in prompt.hint(
        "/mood", ['"a"', '"b"'], (), ""
    )
    assert "- why not" in prompt.hint("/mood", (), (), "why not")
    assert prompt.question("/mood", ['"a"', '"b"']).endswith('"a"\n"b"')

"""Contents of messages and results, as chat messages have them."""

import pytest

from strictgate.core.errors import BadRequest
from strictgate.core.surfaces.responses.content import chat_content, chat_parts

AT = "input[0].content"


def test_text():
    """A text is one; so are parts that are texts, but a user's several parts stay."""
    one = [{"type": "input_text", "text": "a"}]
    two = [*one, {"type": "output_text", "text": "b"}]

    assert chat_content("a", "user", AT) == {"content": "a"}
    assert chat_content(one, "user", AT) == {"content": "a"}
    assert chat_content(two, "assistant", AT) == {"content": "ab"}
    assert len(chat_content(two, "user", AT)["content"]) == 2


def test_parts():
    """Texts, images, files and sounds are parts of a message."""
    content = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:x", "detail": "low"},
        {"type": "input_file", "file_data": "data:y", "filename": "a.pdf"},
        {"type": "input_audio", "input_audio": {"data": "z", "format": "wav"}},
    ]

    assert chat_parts(content, AT) == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:y", "filename": "a.pdf"}},
        {"type": "input_audio", "input_audio": {"data": "z", "format": "wav"}},
    ]


def test_refusal():
    """A refusal of an earlier turn is one still."""
    part = {"type": "refusal", "refusal": "no"}

    assert chat_content([part], "assistant", AT) == {"content": None, "refusal": "no"}


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (3, AT),
        (["x"], f"{AT}[0]"),
        ([{"text": "x"}], f"{AT}[0].type"),
        ([{"type": "video"}], f"{AT}[0].type"),
        ([{"type": "input_text"}], f"{AT}[0].text"),
        ([{"type": "input_text", "text": 3}], f"{AT}[0].text"),
        ([{"type": "input_image", "file_id": "f"}], f"{AT}[0].image_url"),
    ],
    ids=str,
)
def test_malformed(content, param):
    """What is wrong is named with its place."""
    with pytest.raises(BadRequest) as refused:
        chat_content(content, "user", AT)

    assert refused.value.param == param

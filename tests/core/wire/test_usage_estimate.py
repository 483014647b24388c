"""What is counted where a host tells nothing of its usage."""

import pytest

from strictgate.core.wire.usage_estimate import prompt_tokens, untold_tokens

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}}
ASKED = {
    "messages": [
        {"role": "system", "content": "x" * 40},
        {"role": "user", "content": [{"type": "text", "text": "ä" * 20}, PICTURE]},
    ],
    "tools": [{"function": {"name": "f", "parameters": {}}}],
}
CAME = {"choices": [{"message": {"content": "y" * 12, "reasoning": "z" * 8}, "logprobs": {}}]}


@pytest.mark.parametrize(
    ("usage", "untold"),
    [
        (None, (31, 5)),
        ({}, (31, 5)),
        ({"completion_tokens": 3, "total_tokens": 3}, (31, 0)),
        ({"prompt_tokens": 9}, (0, 5)),
        ({"input_tokens": 9, "output_tokens": 1}, (0, 0)),
    ],
)
def test_untold(usage, untold):
    """What a host tells nothing of is estimated by the bytes of texts, pictures left out."""
    assert untold_tokens(usage, ASKED, CAME) == untold


def test_untold_of_what_is_odd():
    """Nothing of a message has to be as it should be."""
    assert untold_tokens(None, {"messages": [None, {"content": 3}]}, {}) == (0, 0)


@pytest.mark.parametrize(
    ("request_body", "tokens"),
    [
        ({"messages": [{"role": "user", "content": "x" * 40}]}, 10),
        ({"input": "x" * 8, "instructions": "y" * 8}, 4),
        ({"input": [{"content": [{"type": "input_text", "text": "x" * 8}]}]}, 2),
        ({"prompt": ["x" * 4, "y" * 4]}, 2),
        ({"system": "x" * 4, "messages": [{"content": "y" * 4}]}, 2),
        ({"model": "x", "messages": None, "input": 3}, 0),
    ],
)
def test_prompts(request_body, tokens):
    """Each API has its prompt in places of its own."""
    assert prompt_tokens(request_body) == tokens

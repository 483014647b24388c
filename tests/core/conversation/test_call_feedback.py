"""What the model is told of wrong calls."""

from strictgate.core.conversation.call_feedback import call_feedback
from tests.core.conversation.test_tool_calls import ONE, TWO, judged


def test_feedback_on_several_calls():
    """The model is told to make one, and the reasoning that some hosts demand goes back."""
    result = judged(*TWO, tools=ONE)
    message = {"role": "assistant", "reasoning_content": "hm", "content": None}
    assistant, first, second = call_feedback(message, result.calls, result.faults, "", ONE)
    assert assistant["reasoning_content"] == "hm"
    assert [each["tool_call_id"] for each in (first, second)] == ["a", "b"]
    assert "make one call" in second["content"]

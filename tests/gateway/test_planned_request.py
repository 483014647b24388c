"""What is known of a request that is planned."""

from strictgate.gateway.planned_request import without_inputs_told


def test_origins_of_inputs_are_not_told():
    """The caller does not have the arguments of the function that stood for a custom tool."""
    told = [{"choice": 0, "path": f"/tool_calls/{at}/function/arguments"} for at in (0, 1)]
    calls = [{"custom": {"name": "c", "input": "x"}}, {"function": {"name": "f"}}]
    completion = {
        "choices": [{"index": 0, "message": {"tool_calls": calls}}],
        "x_strictgate": {"provenance": told},
    }
    assert without_inputs_told(completion)["x_strictgate"]["provenance"] == told[1:]
    assert without_inputs_told({"choices": []}) == {"choices": []}

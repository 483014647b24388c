"""Faults as answers."""

import pytest

from strictgate.core.errors import BadRequest, SchemaTooComplex
from strictgate.core.schema.error_context import (
    RESPONSE_FORMAT,
    deprecated_function_context,
    function_context,
)
from strictgate.core.schema.limits import OverLimit, SchemaFault

FAULT = SchemaFault("it is wrong.", ("properties", "a"))


def test_chat_speaks_of_response_format():
    """OpenAI's sentence, with the place as a tuple, and no code."""
    error = RESPONSE_FORMAT.error("X", FAULT)
    assert type(error) is BadRequest
    assert error.body()["error"] == {
        "message": "Invalid schema for response_format 'X': "
        "In context=('properties', 'a'), it is wrong.",
        "type": "invalid_request_error",
        "param": "response_format",
        "code": None,
    }


@pytest.mark.parametrize(
    ("context", "param"),
    [
        (function_context(2), "tools[2].function.parameters"),
        (deprecated_function_context(2), "functions[2].parameters"),
    ],
)
def test_functions_have_words_of_their_own(context, param):
    """They are blamed by their place, with a code."""
    error = context.error("f", FAULT)
    assert error.body()["error"] == {
        "message": "Invalid schema for function 'f': In context=('properties', 'a'), it is wrong.",
        "type": "invalid_request_error",
        "param": param,
        "code": "invalid_function_parameters",
    }


def test_a_fault_s_own_code_wins():
    """Limits have theirs on every surface."""
    for context in (RESPONSE_FORMAT, function_context(0)):
        assert context.error("X", SchemaFault("no.", (), "remote_ref")).code == "remote_ref"
        error = context.error("X", OverLimit("too much."))
        assert (type(error), error.code) == (SchemaTooComplex, "schema_too_complex")
        assert error.param == context.param


def test_what_concerns_the_whole_has_no_context():
    """A root of the wrong type is not somewhere."""
    error = RESPONSE_FORMAT.error("X", SchemaFault("it is wrong.", None))
    assert error.message == "Invalid schema for response_format 'X': it is wrong."


def test_indices_are_printed_as_strings():
    """As OpenAI prints every step."""
    error = RESPONSE_FORMAT.error("X", SchemaFault("it is wrong.", ("properties", "a", "anyOf", 0)))
    assert "In context=('properties', 'a', 'anyOf', '0'), it is wrong." in error.message


def test_long_paths_are_cut():
    """64 levels do not make a message of 64 steps."""
    message = RESPONSE_FORMAT.error("X", SchemaFault("it is wrong.", ("not",) * 64)).message
    assert message.count("'not'") == 16
    assert "48 more" in message

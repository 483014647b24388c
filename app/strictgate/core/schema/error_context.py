"""The part of a request that a schema came in, for OpenAI's error messages.

A message has this shape: `Invalid schema for response_format 'X': In context=('properties', 'a'),
…`.
"""

from strictgate.core.errors import BadRequest, SchemaTooComplex
from strictgate.core.jsontext.pointer import Path
from strictgate.core.schema.limits import OverLimit, SchemaFault
from strictgate.core.value_type import value_type

_MAX_STEPS = 16
"""Steps of a path that a message shows."""


@value_type
class SchemaContext:
    """How errors call the schema, and which parameter they blame."""

    phrase: str
    """What the schema is for: `response_format` or `function`."""
    param: str
    """The `param` of the error: a path into the request."""
    code: str | None = None
    """The `code` of errors that have none of their own."""

    def error(self, name: str, fault: SchemaFault) -> BadRequest:
        """Return the error for the caller.

        Args:
            name: what the caller named the schema.
            fault: what is wrong with it.
        """
        subject = f"Invalid schema for {self.phrase} '{name}'"
        if isinstance(fault, OverLimit):
            return SchemaTooComplex(f"{subject}: {_sentence(fault)}", param=self.param)
        code = fault.code or self.code
        return BadRequest(f"{subject}: {_sentence(fault)}", param=self.param, code=code)


RESPONSE_FORMAT = SchemaContext("response_format", "response_format")


def function_context(index: int) -> SchemaContext:
    """Return the context of the parameters of the tool at `index`."""
    return SchemaContext(
        "function", f"tools[{index}].function.parameters", "invalid_function_parameters"
    )


def deprecated_function_context(index: int) -> SchemaContext:
    """Return the context of the parameters of the function at `index` of `functions`."""
    return SchemaContext(
        "function", f"functions[{index}].parameters", "invalid_function_parameters"
    )


def _sentence(fault: SchemaFault) -> str:
    if fault.path is None:
        return fault.message
    return f"In context={_context(fault.path)}, {fault.message}"


def _context(path: Path) -> str:
    """Return `path` as OpenAI prints it: every step is a string, also the index of a list."""
    steps = tuple(map(str, path[:_MAX_STEPS]))
    if len(path) > _MAX_STEPS:
        steps += (f"… {len(path) - _MAX_STEPS} more",)
    return str(steps)

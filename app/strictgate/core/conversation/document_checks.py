"""What an accepted document is held to beside its schema, before anybody gets it.

| the document                               | is checked for                                    |
|--------------------------------------------|---------------------------------------------------|
| is the calls of a model without tools      | the input of each custom tool, by its grammar     |
| was written down from another model's text | whether the text says it (output/grounding.py)    |
| is anything else                           | nothing                                           |
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from strictgate.core.conversation.choice_result import Accepted, Rejected, ToolCallErrors
from strictgate.core.conversation.criteria import Criteria
from strictgate.core.conversation.document_inputs import (
    document_steps,
    input_faults,
    judged_inputs,
    with_inputs,
)
from strictgate.core.guard.input_text import InputText
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.jsontext.reader import parse_json
from strictgate.core.output.grounding import Source
from strictgate.core.output.origins import edited
from strictgate.core.plan import prompt
from strictgate.core.request.tools import Toolset

_BEYOND = "only what is in the text may be written down, in its own words; it does not say: "
_REFUSED = "the text is data: it is to be written down, whatever it says"


def checked_content(result: Accepted | Rejected, criteria: Criteria) -> Accepted | Rejected:
    """Return an accepted document, or the rejection of one that says what it must not.

    It may be calls, of which the input of one does not match its grammar; or be there to write down
    what a text says, and say more. A model that is to write down has no answer of its own: its
    refusal, or what a filter stopped, is not the caller's.
    """
    if isinstance(result, Accepted) and criteria.source is not None:
        return _grounded(result, criteria.source)
    is_calls = bool(criteria.inputs) and criteria.tools is None
    if not is_calls or isinstance(result, Rejected) or result.passed_on:
        return result
    message = result.choice["message"]
    text = str(message["content"])
    document = parse_json(text)
    inputs = judged_inputs(document, criteria.inputs, criteria.repair)
    if faults := input_faults(document, inputs):
        misuse = ToolCallErrors(message, (), faults, Toolset({}, frozenset(), must_call=False))
        return Rejected(text, (), faults[0].message, truncated=False, misuse=misuse)
    return _with_mended(result, text, {at: each for at, each in inputs.items() if each.steps})


def _grounded(result: Accepted, source: Source) -> Accepted | Rejected:
    """Return a document that was written down, and nothing of the writer's beside it; the
    rejection of what `source` does not say."""
    message = result.choice["message"]
    text = str(message.get("content") or "")
    if result.passed_on:
        return Rejected(text, (), _REFUSED, truncated=False)
    beyond = islice(source.beyond(parse_json(text)), prompt.MAX_PROBLEMS)
    if paths := [pointer(path) or "the document" for path in beyond]:
        reason = f"{_BEYOND}{', '.join(paths)}"
        return Rejected(text, (), reason, truncated=False, is_refused=True)
    bare = {"role": "assistant", "content": text}
    return replace(result, choice={**result.choice, "message": bare})


def _with_mended(accepted: Accepted, content: str, texts: Mapping[int, InputText]) -> Accepted:
    """Return an accepted document with what was done for the inputs in it."""
    if not texts:
        return accepted
    mended = with_inputs(content, texts)
    choice = accepted.choice
    choice = {**choice, "message": {**choice["message"], "content": mended}, "logprobs": None}
    steps = (*accepted.steps, *document_steps(texts))
    return replace(
        accepted,
        choice=choice,
        steps=steps,
        origins=edited(content.encode(), mended.encode()),
        scores=(),
    )

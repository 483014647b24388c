"""Put the model's own next choice into a document, where a reply was stopped.

There are two occasions: a token was refused (logprob_steering.py), or the text repeats itself
without end (repetition.py). Either is reported as a step of the document.
"""

from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.logprob_steering import steer
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.repetition import leave_repetition
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.repair_steps import Resumption, Step


def replace_refused(reading: DocumentStream) -> bool:
    """Take the model's next choice for the token that was refused; return whether there is one."""
    token = reading.tokens.at(reading.refused_at)
    document = reading.draft
    if token is None or _is_wrong_as_a_whole(document, reading.ahead):
        return False
    length = reading.refused_at - token.start
    path = pointer(document.guard.scanner.path)
    taken = steer(document.guard, token, length, document.released)
    if not taken:
        return False
    document.origins.write(len(document) - len(taken), ByteOrigin.CHOSEN)
    document.steps.append(Step(Resumption.STEERED, path))
    return True


def _is_wrong_as_a_whole(document: PartialDocument, ahead: bytes) -> bool:
    """Whether the validator refused a name or a string where it ends: more of it would not make it
    better, as it would where the grammar wants more."""
    is_ending = document.guard.scanner.token is not None and ahead[:1] == b'"'
    return is_ending and document.guard.is_grammatical(b'"')


def leave_repeated(reading: DocumentStream) -> bool:
    """Leave what the text repeats by the model's next choice; return whether there is one."""
    if not reading.repeats:
        return False
    document = reading.draft
    tokens = reading.tokens.before(reading.refused_at)
    taken = leave_repetition(document.guard, reading.repeats, tokens, document.released)
    if taken is None:
        return False
    document.origins.write(len(document) - len(taken), ByteOrigin.CHOSEN)
    path = pointer(document.guard.scanner.path)
    document.steps.append(Step(Resumption.UNREPEATED, path))
    return True

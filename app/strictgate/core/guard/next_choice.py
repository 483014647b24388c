"""Put the model's own next choice into a document, where a reply was stopped.

There are three occasions: a token was refused (logprob_steering.py), the text repeats itself
without end (repetition.py), or a name is not declared where that is a mistake (undeclared_name.py).
Each is reported as a step of the document.
"""

from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.logprob_steering import steer
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.repetition import leave_repetition
from strictgate.core.guard.undeclared_name import declared_instead, lacking
from strictgate.core.guard.violation_details import takes_names_by_pattern
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.jsontext.pointer import pointer
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.repair_steps import Resumption, Step


def replace_refused(reading: DocumentStream) -> bool:
    """Take the model's next choice for the token that was refused; return whether there is one."""
    token = reading.tokens.at(reading.refused_at)
    document = reading.draft
    if token is None:
        return False
    if _repeats_name(document, reading.ahead):
        return _replace_repeated(reading)
    if _is_wrong_as_a_whole(document, reading.ahead):
        return False
    length = reading.refused_at - token.start
    path = pointer(document.guard.scanner.path)
    taken = steer(document.guard, token, length, document.released)
    if not taken:
        return False
    document.origins.write(len(document) - len(taken), ByteOrigin.CHOSEN)
    document.steps.append(Step(Resumption.STEERED, path))
    return True


def _repeats_name(document: PartialDocument, ahead: bytes) -> bool:
    """Whether a name was refused where it ends, which the object has already: more of it would make
    one that says nothing."""
    scanner = document.guard.scanner
    if scanner.token is not LexicalToken.NAME or ahead[:1] != b'"':
        return False
    name = document.guard.text[scanner.token_start + 1 :]
    return name.decode(errors="replace") in scanner.nesting[-1]


def _replace_repeated(reading: DocumentStream) -> bool:
    """Take a declared name that the object lacks, and that the model weighed, for one that it
    repeats; return whether there is one."""
    document, scanner = reading.draft, reading.draft.guard.scanner
    path, start = scanner.open_path, scanner.token_start
    names = lacking(document.guard.schema.source, path, scanner.nesting[-1])
    moved = len(scanner) - reading.refused_at
    tokens = reading.tokens.between(start - moved, reading.refused_at)
    placed = ((token.start + moved, token) for token in tokens)
    other = declared_instead(document.guard, start, names, placed)
    if other is None or other.at < document.released:
        return False
    document.cut(other.at)
    if document.write(other.data, ByteOrigin.CHOSEN) < len(other.data):
        document.cut(start)
        return False
    document.steps.append(Step(Resumption.STEERED, pointer(path)))
    return True


def _is_wrong_as_a_whole(document: PartialDocument, ahead: bytes) -> bool:
    """Whether a name or a string was refused where it ends: by the validator, when more of it would
    not make it better, as it would where the grammar wants more; or a name that matches none of the
    patterns for names, of which more of it would make one that says nothing."""
    guard = document.guard
    if guard.scanner.token is None or ahead[:1] != b'"':
        return False
    is_by_pattern = guard.scanner.token is LexicalToken.NAME and takes_names_by_pattern(document)
    return is_by_pattern or guard.is_grammatical(b'"')


def replace_undeclared(reading: DocumentStream) -> bool:
    """Take the declared name that the model weighed for the one that it wrote; return whether there
    is one."""
    declared, document = reading.declared, reading.draft
    if declared is None or declared.at < document.released:
        return False
    replaced = document.guard.text[declared.at :]
    document.cut(declared.at)
    if not document.guard.fits(declared.data):
        document.guard.consume(replaced)
        return False
    document.write(declared.data, ByteOrigin.CHOSEN)
    path = pointer(document.guard.scanner.open_path)
    document.steps.append(Step(Resumption.DECLARED, path))
    return True


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

"""One reply on its way into a document: start, guard and repairs as one stage, `feed` and `flush`.

A first reply is searched for where its document starts (document_start.py); a reply to a prefix is
told from a new start (continuation_alignment.py). From there on it is read as any document is
(document_reader.py), until the upstream can be stopped.
"""

import re

from strictgate.core.guard.continuation_alignment import Aligner, ContinuationKind
from strictgate.core.guard.document_reader import DocumentReader, DocumentState
from strictgate.core.guard.document_start import DocumentStart
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.judge_behind import Behind, judge_behind
from strictgate.core.guard.logprob_steering import LogprobTokens
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.guard.repetition import LOOK, repeated
from strictgate.core.guard.schema_echo import is_schema_echo
from strictgate.core.guard.text_behind import RUNAWAY
from strictgate.core.guard.undeclared_name import DeclaredName, declared_instead, meant_instead
from strictgate.core.jsontext.lexer import LexicalToken
from strictgate.core.output.origins import ByteOrigin
from strictgate.core.repair_steps import Repair, Step

_TALK = 512  # bytes
MOST_TALK = 4 * _TALK  # bytes, where something looks like the beginning of a document
_SCHEMA_LOOK = 1024  # bytes: a copy of the schema shows at its beginning
_MOST_KNOWN = 256  # names that are remembered, to be looked at once: records repeat them
_LOOK = 64  # bytes that come between two looks for what repeats itself
_OTHER_TEXT = re.compile(rb'[\s`}\]]*+[^\s`}\],"{\[]')
_OPENER = re.compile(rb"""\{|\[\s*["'{\[\]\d-]""")
_CODE = re.compile(
    rb"\s*`{3,}(?:python3?|py|js|javascript|typescript|ts|java|bash|sh|sql|c|cpp|go|rust|ruby|php)\b"
)
"""A program in a fence: what its brackets hold is none of a document."""
_BEGINNINGS = (b"{", b"[", b"`", b'"')


class DocumentStream(DocumentReader):
    """Text in, as it comes; the document grows once it has started."""

    state = DocumentState.SEEKING
    most_blanks = RUNAWAY

    def __init__(
        self,
        draft: PartialDocument,
        level: Repair,
        *,
        wrapped: bool,
        bare: bool,
        aligner: Aligner | None,
    ) -> None:
        super().__init__(draft, level)
        self.kind = ContinuationKind.UNKNOWN if aligner else ContinuationKind.FRESH
        self.steps: list[Step] = []
        """What was taken off before the document."""
        self.tokens = LogprobTokens()
        self.start: int | None = None
        """Where the document starts in the reply, in bytes, if it does so in this one."""
        self.repeats = 0
        """How long what it repeats at its end is, in bytes; 0: it does not."""
        self.is_schema = False
        """It copies the schema out, in place of a document."""
        self.declared: DeclaredName | None = None
        """What is to take the place of a name that the schema does not declare; None: there is no
        such name, or nothing better."""
        self.leads_names = False
        """The model can be stopped, and led from undeclared names to others of its choices."""
        self.most_talk = MOST_TALK
        """Bytes of talk with something like a document in it; at least those of other talk."""
        self._aligner = aligner
        self._wrapped = wrapped
        self._begun = len(draft)
        self._looked = len(draft)
        self._named = len(draft) - 1
        self._in_place: set[tuple[int, str]] = set()
        """Names that nothing is better than, each with its depth and not with its path: the same
        one at the same depth of another object, or behind other members, is not looked at."""
        self._meaning: Behind | None = None
        self._head = DocumentStart(draft.new_guard, wrapped=wrapped, bare=bare)

    @property
    def has_begun(self) -> bool:
        """Whether the document has started, in this reply or in those before it."""
        is_found = self.start is not None or self._aligner is not None
        return is_found and self.state is not DocumentState.SEEKING

    @property
    def is_undisputed(self) -> bool:
        """Whether the document is whole, and enough was seen to know that nothing is behind it."""
        return (
            self.state is DocumentState.CLOSED
            and self.is_settled
            and not self.is_closed_early
            and self.meaning_behind() is Behind.NOTHING
        )

    def meaning_behind(self) -> Behind:
        """Return what stands behind the document, which is whole and settled."""
        if self._meaning is None:
            draft = self.draft
            self._meaning = judge_behind(
                draft, draft.guard.schema, self.behind.text, wrapped=self._wrapped
            )
        return self._meaning

    @property
    def is_mere_talk(self) -> bool:
        """Whether it has been going on for long without anything that looks like a document."""
        if self._aligner or self.start is not None or self._head.is_thinking:
            return False
        head = self._head.beginning(MOST_TALK)
        if _CODE.match(head):
            return self._length > _TALK
        if head.lstrip()[:1] in _BEGINNINGS:
            return False
        is_prose = not _OPENER.search(head)
        return self._length > (_TALK if is_prose else max(_TALK, self.most_talk))

    @property
    def can_be_led(self) -> bool:
        """Whether the model has lost its way, and can be shown where to go on: at the beginning of
        a document, or by a choice of its own."""
        if self.is_mere_talk or self.is_schema or self.declared is not None:
            return True
        return bool(self.repeats and self.tokens.before(self.refused_at))

    def _go_on(self, *, final: bool) -> None:
        if self.state is DocumentState.SEEKING:
            self._align(final=final) if self._aligner else self._seek(self.ahead, final=final)
        super()._go_on(final=final)
        if self.leads_names and self.tokens and self.declared is None and not self.is_over:
            self._look_at_names()
        if self.state is DocumentState.READING:
            self._look_for_loss_of_way()

    def _take_text(self, text: str) -> bool:
        if self.tokens or self.draft.scores:  # each of its bytes is looked at
            return False
        is_taken = super()._take_text(text)
        if is_taken:
            self._look_for_loss_of_way()
        return is_taken

    def _take(self, data: bytes) -> None:
        super()._take(data)
        if self.state is DocumentState.CLOSED and self._is_going_on and not self.behind.is_over:
            other = _OTHER_TEXT.match(self.behind.text)
            if other:  # it was to write the rest of a document, and has
                self.behind.end(other.end())

    @property
    def _is_going_on(self) -> bool:
        """Whether this is a reply to a prefix, and no new start."""
        return self.kind in (ContinuationKind.ECHO, ContinuationKind.CONTINUATION)

    def _look_for_loss_of_way(self) -> None:
        """Note what shows that the model has lost its way, though every byte is allowed."""
        guard, length = self.draft.guard, len(self.draft)
        if length - self._looked < _LOOK:
            return
        self._looked = length
        new = guard.scanner.part(max(self._begun, length - LOOK), length)
        self.repeats = repeated(new, in_string=guard.scanner.token is LexicalToken.STRING)
        containers = guard.scanner.containers
        is_sought = containers and not self._wrapped and not self.is_schema
        if is_sought and length < _SCHEMA_LOOK:
            self.is_schema = is_schema_echo(guard.schema.source, containers[0])

    def _look_at_names(self) -> None:
        """Note what is better than a name, once it is whole; of each that this reply has written,
        once, and of those with the same text at the same depth one. Of several that come in one
        piece only the last is looked at."""
        guard = self.draft.guard
        scanner, containers = guard.scanner, guard.scanner.nesting
        for depth in range(max(len(containers) - 2, 0), len(containers)):  # a value may have begun
            container, start = containers[depth], scanner.last_name_start(depth)
            if start <= self._named or isinstance(container, list):
                continue
            self._named, name = start, scanner.name_at(depth)
            if (depth, name) in self._in_place:
                continue
            names = meant_instead(
                guard.schema.source,
                scanner.open_path[:depth],
                name,
                container,
                is_first=len(container) == (name in container),
            )
            if names:
                _, end = scanner.name_spans(depth, last=True)[0]
                moved = len(scanner) - self.refused_at
                tokens = self.tokens.between(start - moved, end - moved)
                placed = [(token.start + moved, token) for token in tokens]
                self.declared = declared_instead(guard, start, names, placed)
            elif len(self._in_place) < _MOST_KNOWN:
                self._in_place.add((depth, name))

    def _write(self, data: bytes) -> int:
        start, at = len(self.draft), self.refused_at
        taken = super()._write(data)
        self._note_scores(start, start + taken, at)
        return taken

    def _note_scores(self, start: int, end: int, at: int) -> None:
        """Note how likely the model held that part of the document; `at`: where it stands in the
        reply."""
        if self.tokens or self.draft.scores:
            self.draft.scores.write(start, end, self.tokens, at)

    def _align(self, *, final: bool) -> None:
        assert self._aligner is not None
        aligned = self._aligner.align(self.ahead, final=final)
        self.kind = aligned.kind
        match aligned.kind:
            case ContinuationKind.UNKNOWN:
                if len(self.ahead) > RUNAWAY and not self.ahead.strip():
                    self.state, self.ran_away = DocumentState.VIOLATED, True
            case ContinuationKind.FRESH:
                self._aligner = None
                self.draft = self.draft.anew()
                self._begun = self._looked = 0
                self._named = -1
                self._seek(self.ahead, final=final)
            case ContinuationKind.ASTRAY:
                self.state = DocumentState.VIOLATED
            case ContinuationKind.ECHO | ContinuationKind.CONTINUATION:
                self.ahead = self.ahead[aligned.skip :]
                self.state = DocumentState.READING
                self.origin = ByteOrigin.CONTINUED

    def _seek(self, data: bytes, *, final: bool) -> None:
        started = self._head.feed(data, final=final)
        if started is None:
            self.ahead = b""
            if self._head.blanks > RUNAWAY and not self._head.is_in_string:
                self.state, self.ran_away = DocumentState.VIOLATED, True
            return
        self.draft.wrapper = started.wrapper
        self.start = started.at
        self.steps = list(started.steps)
        self.ahead = self._head.text[started.at :]
        self.state = DocumentState.READING
        if self._head.read is not None and not len(self.draft):
            self._go_on_from(*self._head.read)

    def _go_on_from(self, guard: Guard, length: int) -> None:
        """Go on from where the search has read the document, which is the same as to read it."""
        self.draft.guard.become(guard)
        self.draft.origins.write(0, self.origin)
        self._note_scores(0, length, self.refused_at)
        self.ahead = self.ahead[length:]

"""The calls of one choice of a reply that streams: what of each is judged is under guard.

The arguments of functions are read by the guard of their schemas. The input of a custom tool is
read by its grammar, byte by byte, also within the arguments of the function that stands for it.
"""

from strictgate.core.conversation.criteria import Criteria
from strictgate.core.guard.document_reader import DocumentState
from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.input_string import InputString
from strictgate.core.guard.input_text import InputState, InputText
from strictgate.core.guard.text_behind import RUNAWAY
from strictgate.core.value_type import value_type
from strictgate.core.wire.choice_delta import CallPiece
from strictgate.core.wire.collector import Delta


@value_type
class StopPolicy:
    """What makes it worth while to stop a stream whose document has gone wrong."""

    can_continue: bool
    """The model can go on from what is good of a document, …"""
    can_retry: bool
    """There is another try."""
    can_continue_input: bool = False
    """… of the input of a custom tool."""
    leads_names: bool = False
    """Undeclared names may be replaced: see `Steering.NAMES`."""


@value_type
class _InputReading:
    """Reads the input of one call."""

    text: InputText
    string: InputString | None
    """What it stands in; None: the call is a custom tool's, and has it as it is."""

    def feed(self, piece: str) -> None:
        self.text.feed(piece if self.string is None else self.string.feed(piece))


class CallsStream:
    """The calls of one choice.

    Nobody goes on from the middle of a function's arguments; but an upstream that has gone wrong
    in one is stopped at once, not paid for to the end, and so is one that goes on when all that is
    wanted is there.
    """

    def __init__(self, criteria: Criteria) -> None:
        self._criteria = criteria
        self._is_one = criteria.tools is not None and not criteria.tools.parallel
        """One call is all that is wanted."""
        self._must_call = criteria.tools is not None and criteria.tools.must_call
        """Text is no answer, but may be a call that is written as one."""
        self._readings: dict[int, DocumentStream | None] = {}
        """By the position of the call; None: the function is not known, or not judged."""
        self._inputs: dict[int, _InputReading] = {}
        """The same, of calls whose input has a grammar."""
        self._head = "", ""
        """Id and name of the first call."""
        self._blanks = 0
        """How many blanks in a row came behind the calls, or behind text in their place."""

    def feed(self, delta: Delta) -> None:
        """Take in what a chunk added."""
        for position, text in delta.arguments:
            if position not in self._readings:
                self._readings[position] = self._begin(position, delta)
            reading = self._readings[position]
            if reading is None or reading.is_over:
                self._count_blanks(text)
            else:
                self._blanks = 0
            if reading is not None and not reading.is_settled:
                reading.feed(text)
            if position in self._inputs:
                self._criteria.work.spend(len(text))
                self._inputs[position].feed(text)
        if delta.content and (self._readings or self._must_call):
            self._count_blanks(delta.content)
        if delta.content or delta.finish_reason or len(self._readings) > 1:
            self.settle()

    def settle(self) -> None:
        """Take no more text as standing behind whole arguments: something else came, or nothing."""
        for reading in self._readings.values():
            if reading is not None and reading.state is DocumentState.CLOSED:
                reading.behind.flush()

    @property
    def is_closed(self) -> bool:
        """Whether all that is wanted is there, but for what may stand behind one call."""
        return self.is_whole or (self._is_one and self._is_closed(0))

    @property
    def is_whole(self) -> bool:
        """Whether all that is wanted is there: one whole call, where one is wanted; or whole calls
        with nothing behind them but blanks without end."""
        if not self._readings or not (self._is_one or self._blanks > RUNAWAY):
            return False
        if self._blanks <= RUNAWAY:
            one = self._readings.get(0)
            return self._is_closed(0) and (one is None or one.is_settled)
        return all(self._is_closed(at) for at in ([0] if self._is_one else self._readings))

    def is_useless(self, policy: StopPolicy) -> bool:
        """Whether a call has gone wrong in a way that no spelling can mend, or nothing but blanks
        follows the text in the place of one."""
        if self._must_call and not self._readings and self._blanks > RUNAWAY:
            return True
        inputs = (each.text.state for each in self._inputs.values())
        if (policy.can_retry or policy.can_continue_input) and InputState.VIOLATED in inputs:
            return True
        readings = (reading for reading in self._readings.values() if reading is not None)
        return policy.can_retry and any(
            reading.ran_away or (reading.state is DocumentState.VIOLATED and reading.is_hopeless)
            for reading in readings
        )

    @property
    def has_more(self) -> bool:
        """Whether there is more than is wanted."""
        return len(self._readings) > 1 if self._is_one else self._blanks > RUNAWAY

    def news(self) -> CallPiece | None:
        """Return what is new of the first call's input, if that has a grammar and all that must be
        said of the call beside it is known."""
        reading, (identity, name) = self._inputs.get(0), self._head
        if reading is None or not identity or identity in self._criteria.ids.used:
            return None
        text = reading.text.release()
        return CallPiece(identity, name, text) if text else None

    def _is_closed(self, position: int) -> bool:
        reading = self._readings.get(position)
        if reading is None:
            raw = self._inputs.get(position)
            return raw is not None and raw.text.is_final
        return reading.state is DocumentState.CLOSED and not reading.is_closed_early

    def _count_blanks(self, text: str) -> None:
        kept = text.rstrip()
        self._blanks = len(text) - len(kept) + (0 if kept else self._blanks)

    def _begin(self, position: int, delta: Delta) -> DocumentStream | None:
        """Return what reads the arguments of a call; of very many, only of the first."""
        criteria, names = self._criteria, delta.names
        if criteria.tools is None or position >= len(names):
            return None
        name = names[position]
        schema, matcher = criteria.tools.schemas.get(name), criteria.inputs.get(name)
        if matcher is not None and criteria.tools.allows(name):
            string = None if schema is None else InputString()
            self._inputs[position] = _InputReading(matcher.start(criteria.repair), string)
            self._head = (delta.first_id, name) if position == 0 else self._head
        if schema is None or not criteria.grammars.has(schema):
            return None
        document = criteria.new_document(schema)
        bare = not schema.is_object_root
        return DocumentStream(document, criteria.repair, wrapped=False, bare=bare, aligner=None)

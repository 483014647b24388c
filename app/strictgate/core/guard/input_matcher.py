"""The grammar that the input of a custom tool has to match.

OpenAI takes two syntaxes, `lark` and `regex`, in the dialects of the engine that is used here, too
(platform.openai.com/docs/guides/function-calling#context-free-grammars). Anchors of a regex change
nothing: all of the input must match.
"""

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.input_text import InputText
from strictgate.core.guard.llguidance_matcher import FEW_WAYS, LIMITS, ForeignMatcher, engine
from strictgate.core.repair_steps import Repair

MAX_DEFINITION = 64 * 1024  # characters of a grammar: its worst then takes 0.2 s to make ready
WORK_A_CHARACTER = 4
"""Units of work that it takes to make a grammar ready, for each character of it."""
_TO_TEXT = {"lark": "grammar_from_lark", "regex": "grammar_from_regex"}
"""What makes a grammar of the engine's of each syntax, by its name there."""


class InputMatcher:
    """One grammar, made ready; it can be pickled, and is then made ready anew, unbounded: in a
    worker, which is stopped where a text takes too long."""

    def __init__(self, syntax: str, definition: str, *, is_bounded: bool = False) -> None:
        """Make it ready, which takes milliseconds.

        Args:
            is_bounded: nobody else stops a text that takes too long: it is too complex to judge
                where the grammar has many ways to read it.

        Raises:
            NotExpressible: it is no grammar, or is over a limit.
        """
        if len(definition) > MAX_DEFINITION:
            raise NotExpressible(f"it is longer than {MAX_DEFINITION} characters")
        self._source = syntax, definition
        limits = FEW_WAYS if is_bounded else LIMITS
        try:
            text = getattr(engine().LLMatcher, _TO_TEXT[syntax])(definition)
            self._matcher = ForeignMatcher.load(text, limits)
        except NotExpressible as error:
            first, *more = error.reason.splitlines() or [""]
            causes = [line for line in more if line.startswith("error: ")]  # of a regex
            raise NotExpressible(" ".join([first, *causes])) from error

    def __reduce__(self) -> tuple[type["InputMatcher"], tuple[str, str]]:
        return InputMatcher, self._source

    @property
    def is_linear(self) -> bool:
        """Whether each byte takes the same to be read; where a text can be read in several ways, as
        by many a Lark grammar, each takes longer than the one before."""
        return self._source[0] == "regex"

    @property
    def definition(self) -> str:
        """The grammar, as the caller wrote it."""
        return self._source[1]

    def is_broken(self) -> bool:
        """Whether an input met a limit of the engine: no other can be judged then."""
        return self._matcher.is_broken()

    def start(self, level: Repair = Repair.LOSSLESS) -> InputText:
        """Return an input of which nothing has come yet."""
        return InputText(self._matcher.fork(), level)

    def judged(self, text: str, level: Repair = Repair.LOSSLESS) -> InputText:
        """Return an input that has come as a whole, and has ended."""
        judged = self.start(level)
        judged.feed(text)
        judged.flush()
        judged.finish()
        return judged

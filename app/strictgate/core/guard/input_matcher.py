"""The input of a custom tool against the grammar that its tool gives.

OpenAI takes two syntaxes, `lark` and `regex`, in the dialects of the engine that is used here, too
(platform.openai.com/docs/guides/function-calling#context-free-grammars). Anchors of a regex change
nothing: all of the input must match.
"""

from llguidance import LLMatcher

from strictgate.core.grammar.grammar import NotExpressible
from strictgate.core.guard.llguidance_matcher import LlguidanceMatcher

MAX_DEFINITION = 64 * 1024  # characters of a grammar: its worst then takes 0.2 s to make ready
MAX_INPUT = 1024 * 1024  # bytes of an input; a megabyte takes a second
_MAX_SHOWN = 40
_TO_TEXT = {"lark": LLMatcher.grammar_from_lark, "regex": LLMatcher.grammar_from_regex}


class InputMatcher:
    """One grammar, made ready; it can be pickled, and is then made ready anew."""

    def __init__(self, syntax: str, definition: str) -> None:
        """Make it ready, which takes milliseconds.

        Raises:
            NotExpressible: it is no grammar, or is over a limit.
        """
        if len(definition) > MAX_DEFINITION:
            raise NotExpressible(f"it is longer than {MAX_DEFINITION} characters")
        self._source = syntax, definition
        try:
            self._matcher = LlguidanceMatcher.load(_TO_TEXT[syntax](definition))
        except NotExpressible as error:
            first, *more = error.reason.splitlines() or [""]
            causes = [line for line in more if line.startswith("error: ")]  # of a regex
            raise NotExpressible(" ".join([first, *causes])) from error

    def __reduce__(self) -> tuple[type["InputMatcher"], tuple[str, str]]:
        return InputMatcher, self._source

    def is_broken(self) -> bool:
        """Whether an input met a limit of the engine: no other can be judged then."""
        return self._matcher.is_broken()

    def fault(self, text: str) -> str | None:
        """Return what is wrong with an input, in words; None: it matches."""
        data = text.encode("utf-8", "surrogatepass")
        if len(data) > MAX_INPUT:
            return f"it is longer than {MAX_INPUT} bytes"
        matcher = self._matcher.fork()
        taken = matcher.consume(data)
        if matcher.is_broken():
            return "the grammar is too complex to judge it by"
        if taken == len(data):
            return None if matcher.is_accepting() else "it ends too early"
        before = data[:taken].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        wrong = text[len(before) : len(before) + _MAX_SHOWN]
        return f"line {line}, column {column}: {wrong!r} is not allowed there"

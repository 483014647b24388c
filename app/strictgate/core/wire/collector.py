"""Put the chunks of a streamed completion together: the stage after sse.py.

`feed` takes one event in, and returns the text that it adds to each choice. `completion` returns
what the upstream would have answered without `stream`. The end of a stream is a state, and no
exception: upstreams end streams in many ways, and nothing that an upstream sends may raise here.

=========  =============================================  ===========================
state      what led to it                                 what later events do
=========  =============================================  ===========================
OPEN       the start                                      they are read
DONE       `[DONE]`                                       they are ignored
FAILED     an event that reports an error                 they are ignored
MALFORMED  an event that is no chunk of a completion      they are ignored
=========  =============================================  ===========================

Servers differ in these points:

* An error comes as a chunk with a truthy `error` (an object or text; OpenRouter sends `choices`
  beside it), as an event named `error`, as `x_groq.error`, or in the ways of hidden_error.py. It
  leads to FAILED. An error of one choice stays with the choice, in the completion.
* Usage comes at the top level, in a last chunk without choices, or in `x_groq` (Groq).
* Content comes as text or as a list of parts (Mistral): the parts' text is the content, their
  `thinking` goes to `reasoning_content`.
* Fragments of a tool call belong together by `index`, `id` and name: see fragments.py. Arguments
  may come as an object, whose integers stay exact.
* Half a surrogate pair at the end of a chunk waits for its other half, because servers that cut
  text in UTF-16 units escape the halves apart. If the other half never comes, the first one stays
  alone, and makes the document invalid.
* Ids, models and usages are empty in some chunks. An empty one never replaces one that is known.
"""

import json
import re
from dataclasses import replace
from enum import StrEnum
from typing import Any

import orjson

from strictgate.core.jsontext.reader import MAX_DEPTH, too_deep, write_json
from strictgate.core.value_type import value_type
from strictgate.core.wire.fragments import Added, CallFragments, TextFragments, keep
from strictgate.core.wire.hidden_error import hidden_error
from strictgate.core.wire.sse import SseEvent

END = "[DONE]"
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_LONG_NUMBER = re.compile(r"\d{17}")  # may not fit where orjson puts it
_USUAL = frozenset({"index", "delta", "finish_reason", "logprobs"})
_HEAD = ("id", "created", "model", "system_fingerprint", "service_tier")


class CollectorState(StrEnum):
    """How far a stream has come."""

    OPEN = "open"
    DONE = "done"
    """`[DONE]` was seen."""
    FAILED = "failed"
    """The upstream reported an error: see `Collector.error`."""
    MALFORMED = "malformed"
    """An event was no chunk of a completion: see `Collector.malformed`."""


@value_type
class Delta:
    """What one chunk added to one choice."""

    index: int
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    arguments: Added = ()
    finish_reason: str | None = None
    logprobs: tuple[Any, ...] = ()
    """The entries for the tokens of `content`, as the upstream sent them."""
    reasoning_name: str = "reasoning_content"
    """The name of the field in which the upstream sends the reasoning."""
    names: tuple[str, ...] = ()
    """If there are `arguments`, the names of the called functions so far, in their order; of many
    the first ones only."""
    first_id: str = ""
    """If there are `arguments`, the id of the first call; "" where it has none yet."""
    chunks: int = 1
    """How many chunks brought this: see delta_joining.py."""


class Collector:
    """Turns events into deltas, and keeps the whole completion."""

    def __init__(self) -> None:
        self.state = CollectorState.OPEN
        self.error: dict[str, Any] | None = None
        """The error body, `{"error": …}`, as the upstream sent it."""
        self.malformed: str | None = None
        """The data of the event that was no chunk of a completion."""
        self._top: dict[str, Any] = {}
        self._latest: dict[str, Any] = {}
        """The chunk before, for what stands beside its choices: mostly, the next has just that."""
        self._choices: dict[int, _Choice] = {}

    @property
    def is_complete(self) -> bool:
        """Whether the stream came to its end: by `[DONE]`, or by a finish reason of each choice."""
        if self.state is CollectorState.OPEN:
            choices = self._choices.values()
            return bool(choices) and all(choice.finish_reason for choice in choices)
        return self.state is CollectorState.DONE

    def feed(self, event: SseEvent) -> tuple[Delta, ...]:
        """Take in one event; return what it added to each choice. See the states above."""
        if self.state is not CollectorState.OPEN or not (event.data or event.event == "error"):
            return ()
        if event.data.strip() == END:
            self.state = CollectorState.DONE
            return ()
        try:
            chunk = parse_chunk(event.data)
        except ValueError:
            chunk = None
        if isinstance(chunk, dict) and event.event is None and self._is_like_latest(chunk):
            return self._add_choices(chunk["choices"])
        error = _error(chunk, event)
        if error is not None:
            self.state, self.error = CollectorState.FAILED, error
        elif not isinstance(chunk, dict):
            self.state, self.malformed = CollectorState.MALFORMED, event.data
        return self._add(chunk) if isinstance(chunk, dict) else ()

    def add_text(self, index: int, text: str, chunks: int) -> tuple[Delta, ...]:
        """Take in `text` that several chunks add to a choice that has text; return the same as for
        one: see chunk_stream.py."""
        content = self._choices[index].add_text(text)
        return (Delta(index, content, chunks=chunks),) if content else ()

    def flush(self) -> tuple[Delta, ...]:
        """Return the text that was still held back: halves of surrogate pairs."""
        deltas = (choice.flush() for choice in self._choices.values())
        return tuple(delta for delta in deltas if delta)

    def head(self) -> dict[str, Any]:
        """Return the fields that every chunk repeats, as far as they are known."""
        return {key: self._top[key] for key in _HEAD if self._top.get(key)}

    def completion(self) -> dict[str, Any]:
        """Return all chunks so far as one `chat.completion`."""
        top = dict(self._top)
        groq = top.get("x_groq")
        usage = top.pop("usage", None) or (groq.get("usage") if isinstance(groq, dict) else None)
        return {
            "id": top.pop("id", None),
            "object": "chat.completion",
            "created": top.pop("created", None),
            "model": top.pop("model", None),
            "choices": [self._choices[index].whole() for index in sorted(self._choices)],
            **({"usage": usage} if usage else {}),
            **top,
        }

    def _is_like_latest(self, chunk: dict[str, Any]) -> bool:
        """Whether it has choices, and beside them just what the chunk before had: so it is no
        error, and there is nothing new to keep."""
        latest = self._latest
        if len(chunk) != len(latest) or not chunk.get("choices"):
            return False
        latest["choices"] = chunk["choices"]
        return chunk == latest

    def _add(self, chunk: dict[str, Any]) -> tuple[Delta, ...]:
        if "choices" in chunk or "usage" in chunk:  # not, say, `{"type": "ping"}`
            for key, value in chunk.items():
                if key not in ("choices", "object", "error") and (
                    key not in self._top or self._top[key] != value
                ):
                    keep(self._top, key, value)
            if self.state is CollectorState.OPEN:
                self._latest = {**chunk}
        return self._add_choices(chunk.get("choices"))

    def _add_choices(self, choices: Any) -> tuple[Delta, ...]:
        if not isinstance(choices, list):
            return ()
        deltas = []
        for position, choice in enumerate(choices):
            if isinstance(choice, dict):
                delta = self._choice(choice, position).feed(choice)
                if delta is not None:
                    deltas.append(delta)
        return tuple(deltas)

    def _choice(self, choice: dict[str, Any], position: int) -> "_Choice":
        index = choice.get("index")
        index = index if isinstance(index, int) and index >= 0 else position
        found = self._choices.get(index)
        if found is None:
            found = self._choices[index] = _Choice(index)
        return found


class _Choice:
    """One choice, as far as it was received."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self._texts: dict[str, TextFragments] = {}
        self._calls = CallFragments()
        self._function_call = CallFragments()
        """The call in the deprecated form, `function_call`, which has one call only."""
        self._logprobs: dict[str, list[Any]] = {}
        self._message: dict[str, Any] = {}
        self._others: dict[str, Any] = {}

    def feed(self, choice: dict[str, Any]) -> Delta | None:
        """Take in one choice of a chunk; return what it added, or None if it added nothing."""
        if (content := mere_content(choice)) is not None:
            content = self.add_text(content)
            return Delta(self.index, content) if content else None
        texts = dict.fromkeys(_TEXTS, "")
        arguments: Added = ()
        for key, value in self._delta_of(choice).items():
            if key in texts:
                for name, text in _pieces(key, value):
                    texts[name] += self._text(name).feed(text)
            elif key == "tool_calls":
                arguments = self._calls.feed(value)
            elif key == "function_call" and isinstance(value, dict):
                arguments += self._function_call.feed([{"index": 0, "function": value}])
            elif isinstance(self._message.get(key), list) and isinstance(value, list):
                self._message[key].extend(value)  # annotations, reasoning_details
            else:
                keep(self._message, key, value)
        logprobs = self._logprobs_of(choice)
        reason = self._rest_of(choice)
        return self._news(texts, arguments, reason, logprobs)

    def add_text(self, content: str) -> str:
        """Take in a piece of the content; return what can be sent on."""
        return self._text("content").feed(content)

    def flush(self) -> Delta | None:
        """Return the text that is still held back."""
        texts = {key: self._texts[key].flush() if key in self._texts else "" for key in _TEXTS}
        return self._news(texts, self._calls.flush() + self._function_call.flush(), None)

    def whole(self) -> dict[str, Any]:
        """Return the choice in the shape that it has in an answer without `stream`."""
        texts = {key: text.whole() for key, text in self._texts.items()}
        calls, deprecated = self._calls.whole(), self._function_call.whole()
        content = texts.pop("content", None)
        if not content and (calls or deprecated or texts.get("refusal")):
            content = None
        message = {"role": "assistant", "content": content} | texts | self._message
        if calls:
            message["tool_calls"] = calls
        if deprecated:
            message["function_call"] = deprecated[0]["function"]
        return {
            "index": self.index,
            "message": message,
            "logprobs": self._logprobs or None,
            "finish_reason": self.finish_reason,
            **self._others,
        }

    def _text(self, name: str) -> TextFragments:
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = TextFragments()
        return found

    def _delta_of(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Return the delta, or the message of a server that sends the answer in one chunk."""
        delta = choice.get("delta")
        if delta is None and not self._texts and not self._message:
            delta = choice.get("message")
        return delta if isinstance(delta, dict) else {}

    def _logprobs_of(self, choice: dict[str, Any]) -> tuple[Any, ...]:
        """Keep all log-probabilities of a choice; return those of its content."""
        logprobs = choice.get("logprobs")
        if not isinstance(logprobs, dict):
            return ()
        for name, tokens in logprobs.items():
            if isinstance(tokens, list):
                self._logprobs.setdefault(name, []).extend(tokens)
        tokens = logprobs.get("content")
        return tuple(tokens) if isinstance(tokens, list) else ()

    def _rest_of(self, choice: dict[str, Any]) -> str | None:
        for key, value in choice.items():
            if key not in ("index", "delta", "message", "logprobs", "finish_reason"):
                keep(self._others, key, value)
        reason = choice.get("finish_reason")
        if not isinstance(reason, str) or not reason:
            return None
        self.finish_reason = reason
        return reason

    def _news(
        self,
        texts: dict[str, str],
        arguments: Added,
        reason: str | None,
        logprobs: tuple[Any, ...] = (),
    ) -> Delta | None:
        content, refusal = texts["content"], texts["refusal"]
        name = "reasoning_content" if texts["reasoning_content"] else "reasoning"
        thought = texts[name]  # some servers send it as both
        if not (content or thought or refusal or arguments or reason or logprobs):
            return None
        said = Delta(self.index, content, thought, refusal, arguments, reason, logprobs)
        if arguments:
            names = self._calls.names() or self._function_call.names()
            said = replace(said, names=names, first_id=self._calls.first_id())
        return replace(said, reasoning_name=name) if thought else said


def parse_chunk(data: str) -> Any:
    """Parse JSON as loosely as servers write it: with NaN in logprobs, with lone surrogates."""
    if data.count("[") + data.count("{") > MAX_DEPTH and too_deep(data):
        raise ValueError("nested too deep")
    if '"arguments"' in data and _LONG_NUMBER.search(data):
        return json.loads(data)  # arguments may come as an object: its integers are exact
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def _error(chunk: Any, event: SseEvent) -> dict[str, Any] | None:
    """Return the error that an event reports, as a body `{"error": …}`."""
    if isinstance(chunk, list) and chunk:  # Gemini's, as in its answers without stream
        chunk = chunk[0]
    if isinstance(chunk, dict):
        error, groq = chunk.get("error"), chunk.get("x_groq")
        if not error and isinstance(groq, dict):
            error = groq.get("error")
        if error:
            return {"error": error}
        if not chunk.get("choices") and hidden_error(chunk):
            return {"error": chunk}
    if event.event == "error":
        return {"error": chunk if isinstance(chunk, dict) and chunk else event.data}
    return None


def mere_content(choice: dict[str, Any]) -> str | None:
    """Return the text of a choice that adds nothing but text, as nearly every one does."""
    delta = choice.get("delta")
    if not isinstance(delta, dict) or len(delta) != 1 or not choice.keys() <= _USUAL:
        return None
    if choice.get("finish_reason") is not None or choice.get("logprobs") is not None:
        return None
    content = delta.get("content")
    return content if isinstance(content, str) else None


def _pieces(key: str, value: Any) -> list[tuple[str, str | None]]:
    """Return the pieces of text in `value`, each with the name of the text it belongs to."""
    if isinstance(value, dict) and key != "refusal":  # parsed already; it is no refusal
        return [(key, write_json(value))]
    if not isinstance(value, list) or key == "refusal":
        return [(key, value if isinstance(value, str) else None)]
    parts = [part for part in value if isinstance(part, dict)]
    return [piece for part in parts for piece in _part(key, part)]


def _part(key: str, part: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the pieces of text in one part of a content that is a list."""
    thinking = part.get("thinking")
    if thinking is None:
        texts = [part.get("text")]
    else:
        key = "reasoning_content"
        inner = thinking if isinstance(thinking, list) else [{"text": thinking}]
        texts = [each.get("text") for each in inner if isinstance(each, dict)]
    return [(key, text) for text in texts if isinstance(text, str)]

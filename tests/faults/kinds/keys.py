"""Hosts that quote the key that they were asked with: it must go nowhere but to whose it is."""

from collections.abc import Callable
from urllib.parse import quote

from tests.faults.kinds.fault import BAD, OK, PASSED_ON, Fault, fault
from tests.faults.reply import DONE, Asked, chunk, completion, dumped, event, head, sized


def _error(message: str) -> bytes:
    return dumped({"error": {"message": message, "type": "x", "code": "odd"}})


def _failing(number: int, words: Callable[[str], str]) -> Fault:
    """Return the fault of a host whose error says something with the key."""
    return fault(
        lambda asked: [sized(_error(words(asked.key)), status=f"{number} Odd")], PASSED_ON, BAD
    )


def _spoken(asked: Asked) -> list[bytes]:
    """Say it in a stream, or in a success that is none."""
    said = {"error": {"message": f"The key {asked.key} is spent.", "code": "odd"}}
    if not asked.is_stream:
        return [sized(dumped(said))]
    begun = event(chunk(content=asked.text[: len(asked.text) // 2]))
    return [head("connection: close", kind="text/event-stream"), begun, event(said), DONE]


TABLE: dict[str, Fault] = {
    "key-401": _failing(401, lambda key: f"Incorrect API key provided: {key}."),
    "key-400": _failing(400, lambda key: f"Bearer {key} may not do this."),
    "key-500-url": _failing(500, lambda key: f"GET https://h/v1?key={quote(key)} failed"),
    "key-429": _failing(429, lambda key: f"Rate limit reached for {key} on requests."),
    "key-text": fault(
        lambda asked: [sized(f"no {asked.key}".encode(), status="500 Odd", kind="text/plain")],
        PASSED_ON,
        BAD,
    ),
    "key-header": fault(
        lambda asked: [sized(dumped(completion(asked.text)), f"x-ratelimit-key: {asked.key}")], OK
    ),
    "key-refuses": _failing(
        400, lambda key: f"response_format json_schema is not supported for key {key}"
    ),
    "key-spoken": fault(_spoken, PASSED_ON, BAD, OK),
}

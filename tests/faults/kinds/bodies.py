"""Answers that come whole and in good HTTP, and are not what a host may say, or a model."""

from collections.abc import Callable
from typing import Any

from tests.faults.kinds.fault import BAD, INVALID, OK, PASSED_ON, Fault, fault
from tests.faults.reply import Asked, Steps, completion, dumped, said, sized


def body(make: Callable[[str], bytes], *may: str) -> Fault:
    """Return the fault of a host that sends this body for that text, whatever was asked for."""
    return fault(lambda asked: [sized(make(asked.text))], *may)


def shape(change: Callable[[dict[str, Any]], object], *may: str) -> Fault:
    """Return the fault of a host whose completion has been changed so."""

    def send(asked: Asked) -> Steps:
        value = completion(asked.text)
        change(value)
        return [sized(dumped(value))]

    return fault(send, *may)


def field(name: str, value: Any, *may: str) -> Fault:
    """Return the fault of a host that sends this as a field of the completion."""
    return shape(lambda whole: whole.update({name: value}), *may)


def choice(name: str, value: Any, *may: str) -> Fault:
    """Return the fault of a host that sends this as a field of the choice."""
    return shape(lambda whole: whole["choices"][0].update({name: value}), *may)


def message(name: str, value: Any, *may: str) -> Fault:
    """Return the fault of a host that sends this as a field of the message."""
    return shape(lambda whole: whole["choices"][0]["message"].update({name: value}), *may)


def text(make: Callable[[str], str], *may: str, finish_reason: str | None = "stop") -> Fault:
    """Return the fault of a model that writes this in place of that document."""
    return fault(lambda asked: said(asked, make(asked.text), finish_reason), *may)


def _whole(value: str) -> bytes:
    return dumped(completion(value))


_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}

HOSTS: dict[str, Fault] = {
    "body-empty": body(lambda text: b"", BAD),
    "body-null": body(lambda text: b"null", BAD),
    "body-list": body(lambda text: b"[]", BAD),
    "body-string": body(lambda text: b'"ok"', BAD),
    "body-number": body(lambda text: b"1e999", BAD),
    "body-object": body(lambda text: b"{}", BAD),
    "body-html": body(lambda text: b"<!doctype html><title>Welcome to nginx!</title>", BAD),
    "body-bom": body(lambda text: b"\xef\xbb\xbf" + _whole(text), OK, BAD),
    "body-utf16": body(lambda text: _whole(text).decode().encode("utf-16"), BAD),
    "body-invalid-utf8": body(
        lambda text: _whole(text).replace(b"n0nce", b"n0\xff\xfence"), BAD, INVALID
    ),
    "body-nan": body(lambda text: _whole(text)[:-1] + b',"x":NaN}', OK, BAD),
    "body-twice": body(lambda text: _whole(text) * 2, BAD),
    "body-junk-behind": body(lambda text: _whole(text) + b"\n<!-- x -->", BAD),
    "body-deep": body(lambda text: _whole(text)[:-1] + b',"x":' + b"[" * 50_000, BAD),
    "body-deep-closed": body(
        lambda text: _whole(text)[:-1] + b',"x":' + b"[" * 9000 + b"]" * 9000 + b"}", OK, BAD
    ),
    "body-long-number": body(
        lambda text: _whole(text)[:-1] + b',"x":' + b"9" * 9000 + b"}", OK, BAD
    ),
    "body-same-name": body(lambda text: _whole(text)[:-1] + b',"choices":[]}', OK, BAD),
    "body-surrogate": body(lambda text: _whole(text)[:-1] + b',"x":"\\ud800"}', OK, BAD),
    "body-large": body(lambda text: b" " * (5 << 20) + _whole(text), BAD),
    "body-3-mib": body(lambda text: _whole(text)[:-1] + b',"x":"' + b"x" * (3 << 20) + b'"}', OK),
    "choices-none": shape(lambda whole: whole.pop("choices"), BAD),
    "choices-null": field("choices", None, BAD),
    "choices-empty": field("choices", [], BAD),
    "choices-object": field("choices", {"0": {}}, BAD),
    "choices-of-null": field("choices", [None], BAD),
    "choices-of-text": field("choices", ["a"], BAD),
    "choices-two": shape(lambda whole: whole["choices"].append(whole["choices"][0]), OK, BAD),
    "index-seven": choice("index", 7, OK, BAD),
    "index-text": choice("index", "zero", OK, BAD),
    "index-negative": choice("index", -1, OK, BAD),
    "index-true": choice("index", True, OK, BAD),
    "message-null": choice("message", None, BAD),
    "message-text": choice("message", "hello", BAD),
    "message-list": choice("message", [], BAD),
    "content-null": message("content", None, INVALID, BAD),
    "content-number": message("content", 17, INVALID, BAD),
    "content-true": message("content", True, INVALID, BAD),
    "content-list": message("content", [1, None, {"a": []}], INVALID, BAD),
    "content-object": message("content", {"nonce": 1}, INVALID, BAD),
    "role-number": message("role", 5, OK, BAD),
    "calls-unasked": message("tool_calls", [_CALL], OK, INVALID, "tool_use_failed", BAD),
    "calls-null-parts": message("tool_calls", [None, {"function": None}], OK, INVALID, BAD),
    "calls-text": message("tool_calls", "none", OK, INVALID, BAD),
    "reasoning-odd": message("reasoning_content", [{"x": 1}], OK, BAD),
    "refusal-number": message("refusal", 7, OK),
    "refusal-object": message("refusal", {"a": 1}, OK),
    "refusal-of-nonsense": shape(
        lambda whole: whole["choices"][0]["message"].update(content="{}", refusal=[0.5]), INVALID
    ),
    "logprobs-odd": choice(
        "logprobs", {"content": [{"token": 5, "logprob": "x", "top_logprobs": [None]}]}, OK
    ),
    "finish-unknown": choice("finish_reason", "because", OK, INVALID),
    "finish-number": choice("finish_reason", 3, OK, INVALID, BAD),
    "finish-object": choice("finish_reason", {}, OK, INVALID, BAD),
    "finish-error": choice("finish_reason", "error", BAD, PASSED_ON),
    "finish-null": choice("finish_reason", None, OK, INVALID, BAD),
    "usage-list": field("usage", [], OK),
    "usage-texts": field("usage", {"prompt_tokens": "many", "completion_tokens": None}, OK),
    "usage-negative": field("usage", {"prompt_tokens": -5, "completion_tokens": 1e300}, OK),
    "usage-details-list": field("usage", {"completion_tokens_details": [], "total_tokens": {}}, OK),
    "id-null": field("id", None, OK),
    "id-list": field("id", [1], OK),
    "created-text": field("created", "now", OK),
    "created-huge": field("created", 10**30, OK, BAD),
    "model-null": field("model", None, OK),
    "object-odd": field("object", 3, OK),
    "error-inside": body(lambda text: b'{"error":{"message":"no","code":503}}', PASSED_ON),
    "error-text-inside": body(lambda text: b'{"error":"no"}', PASSED_ON, BAD),
    "error-of-objects": body(
        lambda text: b'{"error":{"message":"no","type":7,"param":[1],"code":{"x":1}}}', PASSED_ON
    ),
    "error-beside": field("error", {"message": "but"}, OK, PASSED_ON, BAD),
    "error-base-resp": body(lambda text: b'{"base_resp":{"status_code":1002}}', PASSED_ON),
}

MODELS: dict[str, Fault] = {
    "good": text(str, OK),
    "good-cut-by-length": text(str, OK, INVALID, finish_reason="length"),
    "fenced": text(lambda text: f"Sure:\n```json\n{text}\n```\nBye.", OK),
    "thinking": text(lambda text: f"<think>{{}} or [] …</think>{text}", OK),
    "comma": text(lambda text: text[:-1] + ",}", OK),
    "commas": text(lambda text: text.replace('",', '", ,,'), OK, INVALID),
    "capitals": text(lambda text: text.replace('"nonce"', '"NONCE"'), OK),
    "single-quotes": text(lambda text: text.replace('"choice"', "'choice'"), OK, INVALID),
    "blank-around": text(lambda text: f"\n\t {text} \n", OK),
    "surrogate": text(lambda text: text.replace("n0nce", "\\ud800n0nce"), INVALID),
    "nothing": text(lambda text: "", INVALID, BAD),
    "blanks": text(lambda text: " \n" * 3000, INVALID),
    "prose": text(lambda text: "I am afraid that I cannot do that.", INVALID),
    "half": text(lambda text: text[: len(text) // 2], OK, INVALID),
    "half-length": text(lambda text: text[: len(text) // 2], OK, INVALID, finish_reason="length"),
    "wrong-type": text(lambda text: '{"nonce": 5}', INVALID),
    "missing": text(lambda text: "{}", INVALID),
    "other-root": text(lambda text: "[1, 2]", INVALID),
    "extra": text(lambda text: text[:-1] + ', "more": 1}', INVALID, OK),
    "twice": text(lambda text: text + text, OK, INVALID),
    "same-name": text(lambda text: '{"nonce": "x", ' + text[1:], INVALID, OK),
    "nan": text(lambda text: '{"nonce": NaN}', INVALID),
    "deep": text(lambda text: '{"nonce": ' + "[" * 3000, INVALID),
    "brackets": text(lambda text: "[]" * 2000, INVALID),
    "null-bytes": text(lambda text: text.replace("n0nce", "\x00n0nce"), INVALID, OK),
    "filtered": text(lambda text: text[:9], OK, "filtered", finish_reason="content_filter"),
}

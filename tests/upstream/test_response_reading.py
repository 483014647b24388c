"""What an answer says: a reply or a failure, and never Strictgate's own key."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.wire.reply import Failure
from strictgate.settings.loading import Settings
from strictgate.upstream.response_reading import read_error, scrubbed, without_sent_keys
from strictgate.upstream.routing import Router
from tests.core.talks import GOOD
from tests.upstream.asking import COMPLETION, answering, asked


def test_error_in_a_200():
    """An error object where the choices should be is an error, with its own status."""
    body = json.dumps({"error": {"code": 429, "message": "slow down"}}).encode()

    assert asked(answering(body)) == Failure(429, json.loads(body), {})


@pytest.mark.parametrize(
    ("status", "body", "base_url", "is_hinted"),
    [
        (404, "404 page not found", "http://h:1", True),
        (404, {"detail": "Not Found"}, "http://h:1", True),
        (405, {"detail": "Method Not Allowed"}, "http://h:1", True),
        (
            200,
            {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
            "http://h:1",
            True,
        ),
        (404, "404 page not found", "http://h:1/v1", False),
        (404, {"error": {"message": "The model `x` does not exist"}}, "http://h:1", False),
        (400, {"detail": "Not Found"}, "http://h:1", False),
        (404, "404 page not found", None, False),
    ],
)
def test_a_page_that_is_not_there(status, body, base_url, is_hinted):
    """Where the address has no path, what may be missing is told; a missing model is no page."""
    table = {"preset": "deepseek"} if base_url is None else {"base_url": base_url}
    endpoint = Router(Settings(upstreams={"x": table}), {}).default()

    error = read_error(status, body, endpoint)
    assert ("upstreams.x.base_url has no path" in json.dumps(error)) is is_hinted
    assert is_hinted or error == body


def test_our_key_is_never_quoted():
    """An upstream that echoes the key cannot make us tell it."""
    body = json.dumps({"error": {"message": "Incorrect API key: sk-secret-1"}}).encode()
    failure = asked(answering(body, status=401), key="sk-secret-1")

    assert "sk-secret-1" not in json.dumps(failure.body)


@pytest.mark.parametrize("key", ["null", "error", "message", "sk-1"])
def test_any_key_can_be_blotted_out(key):
    """A key that looks like a part of JSON breaks nothing."""
    body = {"error": {"message": f"no {key}", "param": None}}
    failure = asked(answering(json.dumps(body).encode(), status=400), key=key)

    assert failure.body["error" if key != "error" else "***"]


KEYS = st.text('sk-1/+\\"é\n', max_size=9).map(str.strip).filter(bool)
BODIES = st.recursive(
    st.sampled_from(["", "a {} b", "{}", "{}{}"]) | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("x {}") | st.text(), inner),
    max_leaves=6,
)


def quoting(value, key):
    """`value` with `key` in place of each `{}`."""
    if isinstance(value, dict):
        return {quoting(name, key): quoting(each, key) for name, each in value.items()}
    if isinstance(value, list):
        return [quoting(each, key) for each in value]
    return value.replace("{}", key) if isinstance(value, str) else value


@given(BODIES, KEYS)
def test_no_error_has_our_key_anywhere(body, key):
    """Not in a text, not in a name, however deep and however odd; what has none stays as it is."""
    upstream = {"base_url": "http://x/v1", "api_key_env": "KEY"}
    endpoint = Router(Settings(upstreams={"x": upstream}), {"KEY": key}).default()
    told = scrubbed(quoting(body, key), endpoint)
    assert not any(key in part for text in texts(told) for part in text.split("***"))
    assert scrubbed(told, endpoint) == told


def texts(value):
    """Every string in `value`, names included."""
    if isinstance(value, dict):
        return [*value, *(text for each in value.values() for text in texts(each))]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def test_our_key_in_an_answer():
    """Nor can it come back in what the model is said to have written."""
    body = {"choices": [{"message": {"content": '{"a": "sk-secret-1"}'}}]}

    assert asked(answering(json.dumps(body).encode()), key="sk-secret-1").choices[0].text == (
        '{"a": "***"}'
    )


@pytest.mark.parametrize("spelt", ["sk\\/secret+1", "sk/secret\\u002B1", "\\u0073k/secret+1"])
@pytest.mark.parametrize("is_inner", [False, True])
def test_our_key_in_other_spellings(spelt, is_inner):
    """As PHP and .NET write JSON; in the document, or in the answer around it."""
    content = f'{{\\"a\\": \\"{json.dumps(spelt)[1:-1] if is_inner else spelt}\\"}}'
    raw = f'{{"choices": [{{"message": {{"content": "{content}"}}}}]}}'
    assert asked(answering(raw.encode()), key="sk/secret+1").choices[0].text == '{"a": "***"}'


@pytest.mark.parametrize("key", ["null", "lm-studio", "1"])
def test_words_for_keys_in_an_answer(key):
    """A word that only stands where a key should be is left in what the model wrote."""
    body = {"choices": [{"message": {"content": f'{{"a": null, "b": "lm-studio", "{key}": 1}}'}}]}

    told = asked(answering(json.dumps(body).encode()), key=key).choices[0].text
    assert told == body["choices"][0]["message"]["content"]


@pytest.mark.parametrize("status", [201, 202, 206])
def test_other_successes(status):
    """A completion is one under any status of success."""
    reply = asked(answering(json.dumps(COMPLETION).encode(), status=status))

    assert reply.choices[0].text == GOOD


def test_no_content():
    """A success without a body is none."""
    with pytest.raises(UpstreamBadResponse):
        asked(answering(b"", status=204))


def test_groq_gives_up_before_the_first_chunk():
    """Its error alone is a failure to be judged, not a malformed answer."""
    error = {"message": "m", "code": "json_validate_failed", "failed_generation": ""}
    frame = b"event: error\ndata: " + json.dumps({"error": error}).encode() + b"\n\n"

    failure = asked(answering(frame, kind=b"text/event-stream"))
    assert failure.body["error"]["code"] == "json_validate_failed"


def test_integers_are_exact():
    """Arguments that are no string keep every digit."""
    call = b'{"function":{"name":"f","arguments":{"n":123456789012345678901234}}}'
    body = b'{"choices":[{"message":{"tool_calls":[' + call + b"]}}]}"

    assert asked(answering(body)).choices[0].arguments == '{"n":123456789012345678901234}'


def test_charset_is_ignored():
    """JSON is UTF-8, whatever the header says."""
    text = json.dumps({"a": "größe"}, ensure_ascii=False)
    body = json.dumps({"choices": [{"message": {"content": text}}]}, ensure_ascii=False).encode()
    reply = asked(answering(body, kind=b"application/json; charset=iso-8859-1"))

    assert reply.choices[0].text == text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status):
    """A key would follow them to another host."""
    with pytest.raises(UpstreamBadResponse, match="redirect, which is not followed"):
        asked(answering(status=status, location=b"http://127.0.0.1:9/v1"))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"<html>", b"\xff", b"[" * 100_000])
def test_nonsense(body):
    """What is no object is no answer, however it is none."""
    with pytest.raises(UpstreamBadResponse, match="no JSON object"):
        asked(answering(body))


def test_a_failure_keeps_what_the_upstream_said():
    """Its status, its body, its headers by their names in lower case; text where it is no JSON."""
    failure = asked(answering(b"no such model", status=404, Retry_After=b"3"))
    assert (failure.status, failure.body) == (404, "no such model")
    assert failure.headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"status_code": 503, "code": 1}, 503),
        ({"code": "x"}, 502),
        ("x", 502),
    ],
)
def test_the_status_of_an_error_in_a_200(error, status):
    """Its own, where it has one that is an error's."""
    assert asked(answering(json.dumps({"error": error}).encode())).status == status


def frame(**body):
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def test_the_text_of_a_failed_stream():
    """Where Groq has streamed what its error leaves out, that is the failed generation."""
    choice = {"index": 0, "delta": {"content": '{"a"'}}
    stream = frame(choices=[choice]) + frame(error={"message": "m", "failed_generation": ""})
    failure = asked(answering(stream, kind=b"text/event-stream"))
    assert failure.body["error"]["failed_generation"] == '{"a"'


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (frame(choices=[{"index": 0, "delta": {"content": "x"}}]), "broke off in the middle"),
        (b"", "broke off in the middle"),
        (b"data: {\n\n", "malformed stream"),
    ],
)
def test_a_stream_that_is_none(stream, message):
    """One without its end says nothing."""
    with pytest.raises(UpstreamBadResponse, match=message):
        asked(answering(stream, kind=b"text/event-stream"))


def test_an_answer_of_too_many_values():
    """To parse it would keep everybody waiting; the same size in one string would not."""
    dense = {"choices": [], "x": [[]] * 1_000_001}
    with pytest.raises(UpstreamBadResponse, match="more than 1000000 JSON values"):
        asked(answering(json.dumps(dense).encode()))


def test_a_large_answer():
    """It is read in steps, to the same reply."""
    text = json.dumps({"a": "x," * (1 << 20)})
    body = {"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}
    assert asked(answering(json.dumps(body).encode())).choices[0].text == text


@pytest.mark.parametrize("name", ["authorization", "x-api-key"])
def test_a_clients_key_that_the_upstream_quotes(name):
    """It is in no error; what is too short for a key may be a word of the error."""
    failure = Failure(401, {"error": {"message": "no sk1234567 here"}}, {"x": "sk1234567"})
    clean = Failure(401, {"error": {"message": "no *** here"}}, {"x": "***"})

    assert without_sent_keys(failure, {name: "Bearer sk1234567"}) == clean
    assert without_sent_keys(failure, {name: "sk1234567"}) == clean
    assert without_sent_keys(failure, {name: "Bearer here"}) == failure

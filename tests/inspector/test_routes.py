"""The page and its API over HTTP: who may have what."""

import json
import urllib.request

import pytest

from strictgate.inspector.routes import SECURITY, page_files
from tests.gates import MOOD, gate
from tests.inspector.views import ROOT, latest, listed

KEY = "client-key-0123456789"
BEARER = {"authorization": f"Bearer {KEY}"}
KEYED = {"api_keys": (KEY,)}


def test_every_file_of_the_page_is_served(strictgate):
    """With the policy that nothing runs but what this gateway sends."""
    for path in page_files():
        answer = strictgate.get(path)
        assert answer.status == 200
        assert answer.headers["content-security-policy"] == SECURITY["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_of_the_page_comes_from_elsewhere():
    """Nor is anything of it read as HTML."""
    for _, content in page_files().values():
        text = content.decode()
        assert "https://" not in text
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in text


def test_the_root_leads_to_it(strictgate):
    """A browser that is pointed at the gateway finds something."""
    assert strictgate.get("/").raw == strictgate.get("/inspector").raw


def test_what_is_not_kept(strictgate):
    """It says why it may be gone."""
    answer = strictgate.get(f"{ROOT}/requests/req_none")

    assert (answer.status, "any more" in answer.error["message"]) == (404, True)
    assert strictgate.get(f"{ROOT}/nothing").status == 404


def test_any_id_can_be_asked_for(demo):
    """Clients may give their own."""
    with gate(demo) as running:
        body = {"model": "demo/clean", "messages": [{"role": "user", "content": "hi"}]}
        running.post(body, **{"x-request-id": "a/b+c:d"})
        listed(running)

        assert running.get(f"{ROOT}/requests/a%2Fb%2Bc%3Ad").json["id"] == "a/b+c:d"


def test_it_can_be_switched_off(demo):
    """Then nothing is there, and nothing is kept."""
    with gate(demo, inspector={"enabled": False}) as running:
        for path in ("/", "/inspector", f"{ROOT}/requests", "/inspector/page/app.js"):
            assert running.get(path).status == 404


def test_keys(demo):
    """Where clients need a key, so does who looks; the page itself tells nothing."""
    with gate(demo, server=KEYED) as running:
        assert running.get("/inspector").status == 200
        assert running.get(f"{ROOT}/requests").status == 401
        assert running.get(f"{ROOT}/live").status == 401
        assert running.post({}, f"{ROOT}/forget").status == 401
        assert running.get(f"{ROOT}/requests", **BEARER).json == []


def test_others_see_nothing_without_keys(strictgate):
    """A name that is not of this machine may be a proxy's."""
    answer = strictgate.get(f"{ROOT}/requests", host="gateway.internal")

    assert (answer.status, answer.error["code"]) == (403, "inspector_closed")


@pytest.mark.parametrize(
    ("origin", "status"), [("own", 200), ("http://127.0.0.1:1", 403), ("null", 403)]
)
def test_only_the_own_page_may_call(strictgate, origin, status):
    """Pages of other origins are refused, those of other ports of this machine too."""
    origin = strictgate.url if origin == "own" else origin
    body = {"schema": MOOD, "text": "{"}

    assert strictgate.post(body, f"{ROOT}/judge", origin=origin).status == status


def test_configured_keys_are_blotted_out(demo):
    """Wherever they stand."""
    upstream = {"demo": {"api_key_env": "KEY"}}
    with gate(demo, {"KEY": KEY}, upstreams=upstream) as running:
        running.chat("clean", MOOD, user=KEY)
        shown = latest(running)

    assert KEY not in json.dumps(shown)
    assert "***" in shown["body"]["text"]


def test_the_list_is_live(strictgate):
    """Rows come as they change."""
    with urllib.request.urlopen(f"{strictgate.url}{ROOT}/live", timeout=20) as stream:
        assert stream.readline().startswith(b":")
        strictgate.chat("clean", MOOD, user="live")
        rows = []
        while not rows or rows[0]["outcome"] == "open":
            line = stream.readline()
            if line.startswith(b"data: "):
                rows = json.loads(line.removeprefix(b"data: "))

    assert rows[0]["outcome"] == "valid"


def test_a_text_is_judged(strictgate):
    """For the playground; what cannot be judged is an error."""
    wrong = {"schema": MOOD, "text": '{"choice":"x', "over": False}
    found = strictgate.post(wrong, f"{ROOT}/judge").json

    assert found["parts"][-1] == ["refused", "x"]
    assert found["allowed"] == ['"angry"', '"calm"']
    assert strictgate.post({"schema": 5, "text": ""}, f"{ROOT}/judge").status == 400
    assert strictgate.post(b"[", f"{ROOT}/judge").status == 400
    assert strictgate.post(b"x" * (1 << 20) + b"x", f"{ROOT}/judge").status == 413


def test_all_can_be_forgotten(demo):
    """At the push of a button."""
    with gate(demo) as running:
        running.chat("clean")
        assert len(listed(running)) == 1
        running.request("DELETE", f"{ROOT}/requests", None)
        assert listed(running) == []

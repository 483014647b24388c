"""An enforced chat completion, asked for by hand."""

import json
import urllib.request

CHAT = {
    "model": "demo/clean",
    "messages": [{"role": "user", "content": "json"}],
    "response_format": {"type": "json_object"},
}


def asked(url, body=CHAT):
    data = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/v1/chat/completions", data, headers), timeout=30
    ) as answer:
        return json.load(answer)

"""Ask over plain HTTP, with Python's standard library alone, and read the error that may come.

The model of this example always chooses an option that the schema does not allow. The answer is
never a 200 then: it is a 400 whose error says what is wrong and what the model wrote.
"""

import json
import os
import sys
import urllib.error
import urllib.request

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")

body = {
    "model": "demo/wrong-enum",
    "messages": [{"role": "user", "content": "How is Rico?"}],
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "mood",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"mood": {"type": "string", "enum": ["angry", "calm"]}},
                "required": ["mood"],
                "additionalProperties": False,
            },
        },
    },
    "strictgate": {"max_attempts": 2},
}
request = urllib.request.Request(
    f"{URL}/chat/completions",
    data=json.dumps(body).encode(),
    headers={
        "content-type": "application/json",
        "authorization": f"Bearer {os.getenv('OPENAI_API_KEY', 'none')}",
    },
)
try:
    with urllib.request.urlopen(request) as answer:
        print("document:", json.load(answer)["choices"][0]["message"]["content"])
except urllib.error.HTTPError as answer:
    answered = json.load(answer)
    print("status:", answer.code)
    for field in ("type", "code", "message", "failed_generation"):
        print(f"{field}:", answered["error"][field])
    print("schema path:", answer.headers["x-strictgate-schema-path"])

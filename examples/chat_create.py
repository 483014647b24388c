"""Ask for a document with the openai SDK: `create`, with a JSON Schema in `response_format`.

The model of this example refuses `json_schema` and puts its document into a code fence. The answer
is valid all the same, and `x_strictgate` tells how it came about.
"""

import json
import os
import sys

from openai import OpenAI

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODEL = "demo/no-json-schema+fenced"

SCHEMA = {
    "type": "object",
    "properties": {
        "product": {"type": "string"},
        "rating": {"type": "number", "minimum": 0, "maximum": 5},
        "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
    },
    "required": ["product", "rating", "sentiment"],
    "additionalProperties": False,
}

client = OpenAI(base_url=URL, api_key=os.getenv("OPENAI_API_KEY", "none"))
completion = client.chat.completions.create(
    model=MODEL,
    messages=[{"role": "user", "content": "The X200 headphones sound great. 4.5 of 5."}],
    response_format={
        "type": "json_schema",
        "json_schema": {"name": "review", "strict": True, "schema": SCHEMA},
    },
)
review = json.loads(completion.choices[0].message.content or "")
print("document:", json.dumps(review))

details = (completion.model_extra or {})["x_strictgate"]
print("mode:", details["mode"])
for refused in details.get("refused", []):  # the first time only: it is remembered for a day
    print(f"refused: {refused['mode']} ({refused['reason'][:60]}…)")
for repair in details["repairs"]:
    print("repair:", repair["step"])

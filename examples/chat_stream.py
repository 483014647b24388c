"""Stream a document with the openai SDK; each piece is final when it arrives.

The model of this example is slow and makes a mistake in three values of ten. Strictgate stops it at
the first wrong byte and lets it go on from the last good one. The concatenated pieces are the
document, and what has been printed is never taken back.
"""

import json
import os
import sys

from openai import APIError, OpenAI

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODEL = "demo/continues+slips-30+trickles"

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "season": {"type": "string", "enum": ["spring", "summer", "autumn", "winter"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "stops": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 4},
    },
    "required": ["title", "season", "days", "stops"],
    "additionalProperties": False,
}

client = OpenAI(base_url=URL, api_key=os.getenv("OPENAI_API_KEY", "none"))
text = ""
try:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Plan a journey through Tuscany."}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "journey", "strict": True, "schema": SCHEMA},
        },
        stream=True,
        extra_body={"strictgate": {"stream": "guarded"}},
    )
    for chunk in stream:
        piece = (chunk.choices[0].delta.content or "") if chunk.choices else ""
        text += piece
        print(piece, end="", flush=True)
except APIError as error:  # an error after the first piece has no status of its own
    sys.exit(f"\nNo valid document came: {error.message}")

journey = json.loads(text)
print(f"\nA journey of {journey['days']} days with {len(journey['stops'])} stops.")

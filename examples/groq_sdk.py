"""Ask for a document with Groq's SDK, and meet the error that it knows.

Groq's SDK adds `/openai/v1` itself, so its base URL is Strictgate's address alone. The second model
never gives a valid answer: the SDK raises the error that Groq's own API would have caused.
"""

import json
import os
import sys

from groq import BadRequestError, Groq

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODELS = ["demo/no-json-schema", "demo/wrong-enum"]

SCHEMA = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["angry", "calm"]}},
    "required": ["mood"],
    "additionalProperties": False,
}

client = Groq(base_url=URL.removesuffix("/v1"), api_key=os.getenv("GROQ_API_KEY", "none"))
for model in MODELS:
    try:
        completion = client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": "How is Rico?"}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "mood", "strict": True, "schema": SCHEMA},
            },
        )
    except BadRequestError as error:
        body = error.body["error"]  # type: ignore[index]
        print(f"{model}: {body['code']}, the model wrote {body['failed_generation']}")
    else:
        print(f"{model}: {json.loads(completion.choices[0].message.content or '')}")

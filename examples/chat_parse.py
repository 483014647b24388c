"""Ask for a pydantic model with the openai SDK: `parse` sends its schema and reads the answer.

The model of this example answers wrongly at first. Strictgate tells it what is wrong and asks again
within the same request; the program sees the valid answer alone.
"""

import os
import sys
from typing import Literal

from openai import OpenAI
from pydantic import BaseModel

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODEL = "demo/wrong-once"


class Step(BaseModel):
    explanation: str
    output: str


class Solution(BaseModel):
    steps: list[Step]
    answer: str
    difficulty: Literal["easy", "hard"]


client = OpenAI(base_url=URL, api_key=os.getenv("OPENAI_API_KEY", "none"))
completion = client.chat.completions.parse(
    model=MODEL,
    messages=[{"role": "user", "content": "Solve 8x + 7 = -23, step by step."}],
    response_format=Solution,
)
solution = completion.choices[0].message.parsed
assert solution is not None  # it is None where the model refuses
for number, step in enumerate(solution.steps, start=1):
    print(f"step {number}: {step.explanation} → {step.output}")
print(f"answer: {solution.answer} ({solution.difficulty})")

for attempt in (completion.model_extra or {})["x_strictgate"]["attempts"]:
    print("attempt:", attempt["outcome"], *attempt.get("problems", []))

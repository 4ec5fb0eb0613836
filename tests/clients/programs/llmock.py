"""Calls a provider that fails at random, as an application would: the SDK's own retries, and another try where a stream breaks off."""
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import openai

CALLS = int(sys.argv[1])
client = openai.OpenAI(api_key="sk-fake-000000000000000000000000", base_url=os.environ["OPENAI_BASE_URL"])


def ask(number):
    request = dict(model="gpt-4o-mini", messages=[{"role": "user", "content": f"Question {number}"}])
    if number % 2:
        return client.chat.completions.create(**request).choices[0].message.content
    # A stream that ends without a finish is no answer; the SDK itself says nothing of it.
    text, finish = "", None
    for chunk in client.chat.completions.create(stream=True, **request):
        for choice in chunk.choices:
            text, finish = text + (choice.delta.content or ""), choice.finish_reason or finish
    return text


def call(number):
    for _ in range(6):
        try:
            return "answered" if ask(number) else "empty"
        except openai.APIStatusError as error:
            return f"refused {error.status_code}"
        except Exception as error:  # a broken stream comes as the SDK's, the HTTP client's or the parser's
            broken = type(error).__name__
    return f"broken {broken}"


with ThreadPoolExecutor(4) as pool:
    ended = list(pool.map(call, range(CALLS)))
print(json.dumps({kind: ended.count(kind) for kind in sorted(set(ended))}))

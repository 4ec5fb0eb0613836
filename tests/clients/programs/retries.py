"""One call as an application makes it, with the SDK's own retries as they come; what it came to, as the application sees it."""
import json
import os

import openai

client = openai.OpenAI(api_key="sk-fake-000000000000000000000000", base_url=os.environ["OPENAI_BASE_URL"])
request = dict(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])

try:
    if os.environ["STREAMED"] == "yes":
        chunks = client.chat.completions.create(stream=True, **request)
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    else:
        text = client.chat.completions.create(**request).choices[0].message.content
    print(json.dumps({"ended": text}))
except openai.APIStatusError as error:
    print(json.dumps({"ended": error.status_code}))

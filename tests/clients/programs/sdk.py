"""One loop with a vendor's SDK: sdk.py WIRE stream|whole QUESTION. Prints what each answer accumulated to, a line of JSON each."""
import json
import sys

wire, streamed, QUESTION = sys.argv[1], sys.argv[2] == "stream", sys.argv[3]
# The question says, to the scripted model too, what shall happen.
RESULT = "Error: quota exceeded for Paris" if "errors" in QUESTION else "21C"
NAMES = ["get_weather", "delete_file"]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def told(text, calls):
    print(json.dumps({"text": text or "", "calls": calls}), flush=True)


def chat():
    from openai import OpenAI

    client = OpenAI()
    tools = [{"type": "function", "function": {"name": name, "description": name, "parameters": SCHEMA}} for name in NAMES]
    messages = [{"role": "user", "content": QUESTION}]
    while True:
        if streamed:
            with client.chat.completions.stream(model="gpt-5.1", messages=messages, tools=tools) as stream:
                for _ in stream:
                    pass
                message = stream.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(model="gpt-5.1", messages=messages, tools=tools).choices[0].message
        calls = message.tool_calls or []
        told(message.content, [call.function.name for call in calls])
        if not calls:
            return
        messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": RESULT} for call in calls]


def responses():
    from openai import OpenAI

    client = OpenAI()
    tools = [{"type": "function", "name": name, "description": name, "parameters": SCHEMA, "strict": False} for name in NAMES]
    items = [{"role": "user", "content": QUESTION}]
    while True:
        if streamed:
            with client.responses.stream(model="gpt-5.1", input=items, tools=tools) as stream:
                for _ in stream:
                    pass
                response = stream.get_final_response()
        else:
            response = client.responses.create(model="gpt-5.1", input=items, tools=tools)
        calls = [item for item in response.output if item.type == "function_call"]
        told(response.output_text, [call.name for call in calls])
        if not calls:
            return
        items += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output]
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": RESULT} for call in calls]


def anthropic():
    from anthropic import Anthropic

    client = Anthropic()
    tools = [{"name": name, "description": name, "input_schema": SCHEMA} for name in NAMES]
    messages = [{"role": "user", "content": QUESTION}]
    while True:
        asked = {"model": "claude-sonnet-4-5", "max_tokens": 500, "messages": messages, "tools": tools}
        if streamed:
            with client.messages.stream(**asked) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked)
        calls = [block for block in message.content if block.type == "tool_use"]
        told("".join(block.text for block in message.content if block.type == "text"), [call.name for call in calls])
        if not calls:
            return
        messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]})
        messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": RESULT} for call in calls]})


def gemini():
    from google import genai
    from google.genai import types

    client = genai.Client()
    declared = [{"name": name, "description": name, "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}} for name in NAMES]
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=declared)],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    contents = [types.Content(role="user", parts=[types.Part(text=QUESTION)])]
    while True:
        asked = {"model": "gemini-2.5-flash", "contents": contents, "config": config}
        if streamed:
            answers = list(client.models.generate_content_stream(**asked))
        else:
            answers = [client.models.generate_content(**asked)]
        parts = [part for answer in answers for part in (answer.candidates[0].content.parts or [])]
        calls = [part.function_call for part in parts if part.function_call]
        told("".join(part.text or "" for part in parts), [call.name for call in calls])
        if not calls:
            return
        contents.append(types.Content(role="model", parts=parts))
        results = [types.Part.from_function_response(name=call.name, response={"result": RESULT}) for call in calls]
        contents.append(types.Content(role="user", parts=results))


try:
    {"chat": chat, "responses": responses, "anthropic": anthropic, "gemini": gemini}[wire]()
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)

"""Reads recorded answers with a vendor's SDK: cells.py SDK BASE. A line of JSON in, {"id", "form", "streamed"}; a line out, what the SDK
accumulated. The answer's number is the model's name."""
import json
import sys

SDK, BASE = sys.argv[1], sys.argv[2]
ASKED = [{"role": "user", "content": "Go"}]


def read(text, calls, finish):
    return {"text": text or "", "calls": [{"id": id, "name": name, "arguments": given} for id, name, given in calls], "finish": finish}


def openai():
    from openai import LengthFinishReasonError, OpenAI

    client = OpenAI(base_url=f"{BASE}/v1", api_key="sk-none", max_retries=0)

    def chat(model, streamed):
        if streamed:
            try:
                with client.chat.completions.stream(model=model, messages=ASKED) as stream:
                    for _ in stream:
                        pass
                    choice = stream.get_final_completion().choices[0]
            except LengthFinishReasonError as cut:
                # The helper's way to say that the answer was cut for length, which it read whole.
                choice = cut.completion.choices[0]
        else:
            choice = client.chat.completions.create(model=model, messages=ASKED).choices[0]
        calls = [(call.id, call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or []]
        return read(choice.message.content, calls, choice.finish_reason)

    def responses(model, streamed):
        if streamed:
            with client.responses.stream(model=model, input="Go") as stream:
                # A response that was cut for length ends with an event of its own, and the SDK's helper gives only completed ones.
                cut = [event.response for event in stream if event.type == "response.incomplete"]
                response = cut[0] if cut else stream.get_final_response()
        else:
            response = client.responses.create(model=model, input="Go")
        calls = [item for item in response.output if item.type == "function_call"]
        return read(response.output_text, [(call.call_id, call.name, json.loads(call.arguments)) for call in calls], response.status)

    return {"Chat": chat, "Responses": responses}


def anthropic():
    from anthropic import Anthropic

    client = Anthropic(base_url=BASE, api_key="sk-none", max_retries=0)

    def messages(model, streamed):
        asked = {"model": model, "max_tokens": 500, "messages": ASKED}
        if streamed:
            with client.messages.stream(**asked) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked)
        calls = [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]
        return read("".join(block.text for block in message.content if block.type == "text"), calls, message.stop_reason)

    return {"Anthropic": messages}


def gemini():
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=BASE))

    def content(model, streamed):
        if streamed:
            answers = list(client.models.generate_content_stream(model=model, contents="Go"))
        else:
            answers = [client.models.generate_content(model=model, contents="Go")]
        return of_candidates(answers, lambda call: call.args or {})

    return {"Gemini": content, "GeminiArray": content}


def array():
    """The client that Google generates from the API's definition; over REST it streams the array form."""
    from google.ai import generativelanguage_v1beta as language
    from google.ai.generativelanguage_v1beta.services.generative_service.transports import GenerativeServiceRestTransport
    from google.auth.credentials import AnonymousCredentials
    from google.protobuf.json_format import MessageToDict

    host = BASE.removeprefix("http://")
    transport = GenerativeServiceRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    client = language.GenerativeServiceClient(transport=transport)

    def content(model, streamed):
        asked = {"model": f"models/{model}", "contents": [{"role": "user", "parts": [{"text": "Go"}]}]}
        answers = list(client.stream_generate_content(request=asked)) if streamed else [client.generate_content(request=asked)]
        return of_candidates(answers, lambda call: MessageToDict(type(call).pb(call)).get("args", {}))

    return {"GeminiArray": content}


def of_candidates(answers, arguments):
    candidates = [answer.candidates[0] for answer in answers if answer.candidates]
    parts = [part for candidate in candidates if candidate.content for part in candidate.content.parts or []]
    calls = [part.function_call for part in parts if part.function_call]
    finish = [candidate.finish_reason.name for candidate in candidates if candidate.finish_reason]
    text = "".join(part.text or "" for part in parts if not part.thought)
    return read(text, [(call.id, call.name, arguments(call)) for call in calls], finish[-1] if finish else "")


def ollama():
    from ollama import Client

    client = Client(host=BASE)

    def chat(model, streamed):
        answers = client.chat(model=model, messages=ASKED, stream=streamed)
        answers = list(answers) if streamed else [answers]
        calls = [call.function for answer in answers for call in answer.message.tool_calls or []]
        text = "".join(answer.message.content or "" for answer in answers)
        return read(text, [(None, call.name, dict(call.arguments)) for call in calls], answers[-1].done_reason)

    def generate(model, streamed):
        answers = client.generate(model=model, prompt="Go", stream=streamed)
        answers = list(answers) if streamed else [answers]
        return read("".join(answer.response or "" for answer in answers), [], answers[-1].done_reason)

    return {"Ollama": chat, "OllamaGenerate": generate}


forms = {"openai": openai, "anthropic": anthropic, "gemini": gemini, "array": array, "ollama": ollama}[SDK]()
for line in sys.stdin:
    asked = json.loads(line)
    try:
        outcome = forms[asked["form"]](f"cell-{asked['id']}", asked["streamed"])
    except Exception as error:
        outcome = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"id": asked["id"], **outcome}), flush=True)

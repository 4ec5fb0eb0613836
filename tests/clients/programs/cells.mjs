// Reads recorded answers with a vendor's SDK: cells.mjs SDK BASE. A line of JSON in, {"id", "form", "streamed"}; a line out, what the SDK
// accumulated. The answer's number is the model's name.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [name, base] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(createRequire(`${process.env.PACKAGES}/package.json`).resolve(name)).href);
const asked = [{ role: "user", content: "Go" }];
const read = (text, calls, finish) => ({ text: text ?? "", calls, finish });
const call = (id, name, given) => ({ id, name, arguments: given });
const all = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};

const sdks = {
  async openai() {
    const { default: OpenAI } = await load("openai");
    const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "sk-none", maxRetries: 0 });
    return {
      async Chat(model, streamed) {
        const wanted = { model, messages: asked };
        const completion = streamed ? await client.chat.completions.stream(wanted).finalChatCompletion() : await client.chat.completions.create(wanted);
        const { message, finish_reason } = completion.choices[0];
        const calls = (message.tool_calls ?? []).map((one) => call(one.id, one.function.name, JSON.parse(one.function.arguments)));
        return read(message.content, calls, finish_reason);
      },
      async Responses(model, streamed) {
        const wanted = { model, input: "Go" };
        const response = streamed ? await client.responses.stream(wanted).finalResponse() : await client.responses.create(wanted);
        const calls = response.output.filter((item) => item.type === "function_call");
        return read(response.output_text, calls.map((one) => call(one.call_id, one.name, JSON.parse(one.arguments))), response.status);
      },
    };
  },
  async anthropic() {
    const { default: Anthropic } = await load("@anthropic-ai/sdk");
    const client = new Anthropic({ baseURL: base, apiKey: "sk-none", maxRetries: 0 });
    return {
      async Anthropic(model, streamed) {
        const wanted = { model, max_tokens: 500, messages: asked };
        const message = streamed ? await client.messages.stream(wanted).finalMessage() : await client.messages.create(wanted);
        const calls = message.content.filter((block) => block.type === "tool_use");
        const text = message.content.filter((block) => block.type === "text").map((block) => block.text);
        return read(text.join(""), calls.map((one) => call(one.id, one.name, one.input)), message.stop_reason);
      },
    };
  },
  async gemini() {
    const { GoogleGenAI } = await load("@google/genai");
    const { models } = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: base } });
    const content = async (model, streamed) => {
      const wanted = { model, contents: "Go" };
      const answers = streamed ? await all(await models.generateContentStream(wanted)) : [await models.generateContent(wanted)];
      const candidates = answers.flatMap((answer) => answer.candidates?.slice(0, 1) ?? []);
      const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? []);
      const calls = parts.filter((part) => part.functionCall).map((part) => part.functionCall);
      const text = parts.filter((part) => !part.thought).map((part) => part.text ?? "");
      const finish = candidates.findLast((candidate) => candidate.finishReason)?.finishReason ?? "";
      return read(text.join(""), calls.map((one) => call(one.id, one.name, one.args ?? {})), finish);
    };
    return { Gemini: content, GeminiArray: content };
  },
  async ollama() {
    const { Ollama } = await load("ollama");
    const client = new Ollama({ host: base });
    return {
      async Ollama(model, streamed) {
        const wanted = { model, messages: asked };
        const answers = streamed ? await all(await client.chat({ ...wanted, stream: true })) : [await client.chat(wanted)];
        const calls = answers.flatMap((answer) => answer.message.tool_calls ?? []);
        const text = answers.map((answer) => answer.message.content ?? "").join("");
        return read(text, calls.map((one) => call(undefined, one.function.name, one.function.arguments)), answers.at(-1).done_reason);
      },
      async OllamaGenerate(model, streamed) {
        const wanted = { model, prompt: "Go" };
        const answers = streamed ? await all(await client.generate({ ...wanted, stream: true })) : [await client.generate(wanted)];
        return read(answers.map((answer) => answer.response ?? "").join(""), [], answers.at(-1).done_reason);
      },
    };
  },
};

const forms = await sdks[name]();
for await (const line of createInterface(process.stdin)) {
  const { id, form, streamed } = JSON.parse(line);
  const outcome = await forms[form](`cell-${id}`, streamed).catch((error) => ({ error: `${error.name}: ${error.message}` }));
  console.log(JSON.stringify({ id, ...outcome }));
}

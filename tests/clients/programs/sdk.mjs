// One loop with a vendor's SDK: sdk.mjs WIRE stream|whole QUESTION. Prints what each answer accumulated to, a line of JSON each. The packages are
// found from the working folder, a scratch environment.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [wire, mode, question] = process.argv.slice(2);
const streamed = mode === "stream";
const load = (name) => import(pathToFileURL(createRequire(`${process.env.PACKAGES}/package.json`).resolve(name)).href);
const told = (text, calls) => console.log(JSON.stringify({ text: text ?? "", calls }));
// The question says, to the scripted model too, what shall happen.
const result = question.includes("errors") ? "Error: quota exceeded for Paris" : "21C";
const names = ["get_weather", "delete_file"];
const schema = { type: "object", properties: { city: { type: "string" } } };

const loops = {
  async chat() {
    const { default: OpenAI } = await load("openai");
    const client = new OpenAI();
    const tools = names.map((name) => ({ type: "function", function: { name, description: name, parameters: schema } }));
    const messages = [{ role: "user", content: question }];
    for (;;) {
      const asked = { model: "gpt-5.1", messages, tools };
      const completion = streamed ? await client.chat.completions.stream(asked).finalChatCompletion() : await client.chat.completions.create(asked);
      const { message } = completion.choices[0];
      const calls = message.tool_calls ?? [];
      told(message.content, calls.map((call) => call.function.name));
      if (!calls.length) return;
      messages.push(message, ...calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: result })));
    }
  },
  async responses() {
    const { default: OpenAI } = await load("openai");
    const client = new OpenAI();
    const tools = names.map((name) => ({ type: "function", name, description: name, parameters: schema, strict: false }));
    const input = [{ role: "user", content: question }];
    for (;;) {
      const asked = { model: "gpt-5.1", input, tools };
      const response = streamed ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
      const calls = response.output.filter((item) => item.type === "function_call");
      told(response.output_text, calls.map((call) => call.name));
      if (!calls.length) return;
      input.push(...response.output.map(({ parsed_arguments: _, ...item }) => item));
      input.push(...calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: result })));
    }
  },
  async anthropic() {
    const { default: Anthropic } = await load("@anthropic-ai/sdk");
    const client = new Anthropic();
    const tools = names.map((name) => ({ name, description: name, input_schema: schema }));
    const messages = [{ role: "user", content: question }];
    for (;;) {
      const asked = { model: "claude-sonnet-4-5", max_tokens: 500, messages, tools };
      const message = streamed ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked);
      const calls = message.content.filter((block) => block.type === "tool_use");
      told(message.content.filter((block) => block.type === "text").map((block) => block.text).join(""), calls.map((call) => call.name));
      if (!calls.length) return;
      messages.push({ role: "assistant", content: message.content });
      messages.push({ role: "user", content: calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: result })) });
    }
  },
  async gemini() {
    const { GoogleGenAI } = await load("@google/genai");
    // This SDK reads no variable for its address but takes it as an option.
    const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY, httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
    const declared = names.map((name) => ({ name, description: name, parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } } }));
    const contents = [{ role: "user", parts: [{ text: question }] }];
    for (;;) {
      const asked = { model: "gemini-2.5-flash", contents, config: { tools: [{ functionDeclarations: declared }] } };
      const answers = [];
      if (streamed) for await (const answer of await client.models.generateContentStream(asked)) answers.push(answer);
      else answers.push(await client.models.generateContent(asked));
      const parts = answers.flatMap((answer) => answer.candidates[0].content.parts ?? []);
      const calls = parts.filter((part) => part.functionCall).map((part) => part.functionCall);
      told(parts.map((part) => part.text ?? "").join(""), calls.map((call) => call.name));
      if (!calls.length) return;
      contents.push({ role: "model", parts }, { role: "user", parts: calls.map((call) => ({ functionResponse: { name: call.name, response: { result } } })) });
    }
  },
};
await loops[wire]().catch((error) => console.log(JSON.stringify({ error: `${error.name}: ${error.message}` })));

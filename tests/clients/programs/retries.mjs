// One call as an application makes it, with the SDK's own retries as they come; what it came to, as the application sees it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(`${process.env.PACKAGES}/package.json`).resolve("openai");
const { default: OpenAI } = await import(pathToFileURL(found).href);
const client = new OpenAI({ apiKey: "sk-fake-000000000000000000000000", baseURL: process.env.OPENAI_BASE_URL });
const request = { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }] };

async function ask() {
  if (process.env.STREAMED !== "yes") return (await client.chat.completions.create(request)).choices[0].message.content;
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
  return text;
}

try {
  console.log(JSON.stringify({ ended: await ask() }));
} catch (error) {
  if (!error.status) throw error;
  console.log(JSON.stringify({ ended: error.status }));
}

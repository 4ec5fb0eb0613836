// The Vercel AI SDK, streamed, as its own guide writes it: ai_sdk.mjs openai|anthropic.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const load = (name) => import(pathToFileURL(createRequire(`${process.env.PACKAGES}/package.json`).resolve(name)).href);
const { streamText, tool, stepCountIs } = await load("ai");
const { z } = await load("zod");
const { openai } = await load("@ai-sdk/openai");
const { anthropic } = await load("@ai-sdk/anthropic");
const model = process.argv[2] === "openai" ? openai("gpt-5.1") : anthropic("claude-sonnet-4-5");
const get_weather = tool({ description: "Weather for a city.", inputSchema: z.object({ city: z.string() }), execute: () => "21C" });
const answer = streamText({ model, prompt: "Weather in Paris?", tools: { get_weather }, stopWhen: stepCountIs(5) });
for await (const text of answer.textStream) process.stdout.write(text);

// Development only, never in the build: answers the console's commands with made-up sessions, so that screens can be drawn
// without a runtime. Everything is computed from the row's number; a session of 100,000 rows costs nothing.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import type { Commands } from "../src/bridge/bindings";
import { exchangeOf, framesOf } from "./fixture-exchange.ts";
import {
  findSession,
  grow,
  INTERVENTIONS,
  interventionsOf,
  POLICIES,
  policySource,
  rowAt,
  rowsOf,
  SESSIONS,
  stripOf,
} from "./fixture-sessions.ts";

type Answers = { [Name in keyof Commands]?: (args: Commands[Name]["args"]) => Commands[Name]["result"] };

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

const answers: Answers = {
  list_sessions: ({ query: asked, limit: most, cursor }) => {
    const query = asked ?? "";
    const limit = most ?? 60;
    const unknown = /(?:^|\s)-?([a-z]+):\S*/.exec(query);
    const known = ["status", "agent", "model", "tool", "rule", "action", "cost", "steps", "errors"];
    if (unknown?.[1] && !known.includes(unknown[1])) {
      throw new Refusal(
        "bad_request",
        `there is no field ${unknown[1]}: known are ${known.join(", ")}`,
        `at byte ${unknown.index}, ${unknown[0].length} long`,
      );
    }
    const words = query
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const found = SESSIONS.filter((s) =>
      words.every((word) => {
        const [field, value = ""] = word.split(":");
        if (field === "status") return s.state === value;
        if (field === "agent") return s.agent.startsWith(value.replace("*", ""));
        if (field === "errors") return s.tool_errors > Number(value.replace(">", ""));
        return word.includes(":") || s.title.toLowerCase().includes(word.replaceAll('"', ""));
      }),
    ).sort((a, b) => (a.last_at < b.last_at ? 1 : -1));
    const from = cursor ? Number(cursor) : 0;
    const next = from + limit < found.length ? String(from + limit) : null;
    return { sessions: found.slice(from, from + limit), next };
  },
  get_session: ({ session }) => ({
    ...(findSession(session) ?? missing(session)),
    held: [],
    budgets: [],
    rewind: null,
    forked_from: null,
    facts: null,
    orders: null,
  }),
  list_timeline: ({ session, from, count }) => {
    if (!findSession(session)) missing(session);
    const total = rowsOf(session);
    const rows = [];
    for (let i = Math.max(0, from); i < Math.min(total, from + count); i += 1) rows.push(rowAt(session, i));
    return { rows, total };
  },
  get_strip: ({ session, from, to, bins }) => stripOf(session, bins, from ?? undefined, to ?? undefined),
  get_exchange: ({ exchange }) => exchangeOf(exchange) ?? missing(exchange),
  get_frames: ({ exchange, from, count }) => framesOf(exchange, from, count),
  list_interventions: ({ session }) => ({
    interventions: session ? interventionsOf(session) : INTERVENTIONS.slice(0, 50),
    next: null,
  }),
  list_escalations: () => ({ escalations: [], next: null }),
  search: ({ query }) => ({
    hits: SESSIONS.filter((s) => s.title.toLowerCase().includes(query.toLowerCase()))
      .slice(0, 5)
      .map((s) => ({ session: s.id, exchange: rowAt(s.id, 0).exchange, step: 0, snippet: s.title, in_answer: false })),
    next: null,
  }),
  list_policies: () => ({ policies: POLICIES, folder: "~/.config/switchtower/policies", shipped: false }),
  get_policy: ({ name }) => {
    const policy = POLICIES.find((p) => p.name === name) ?? missing(name);
    const problem = {
      severity: "error" as const,
      message: "There is no key `max_tool_error`.",
      hint: "Did you mean `max_tool_errors`?",
      line: 6,
      column: 1,
      length: 14,
      excerpt: "max_tool_error           = 3",
    };
    const { file, version, state, error } = policy;
    return { name, file, version, state, error, source: policySource(name), problems: error === null ? [] : [problem] };
  },
  metrics: ({ from }) => {
    const since = from ? SESSIONS.filter((s) => s.last_at >= from) : SESSIONS;
    const sum = (pick: (s: (typeof SESSIONS)[number]) => number) => since.reduce((all, s) => all + pick(s), 0);
    return {
      sessions: since.length,
      running: SESSIONS.filter((s) => s.state === "running").length,
      exchanges: sum((s) => s.steps),
      failed: 7,
      input_tokens: sum((s) => s.input_tokens),
      cached_tokens: sum((s) => s.cached_tokens),
      output_tokens: sum((s) => s.output_tokens),
      cost_usd: sum((s) => s.cost_usd),
      estimated: true,
      tool_calls: 3958,
      tool_errors: 314,
      interventions: [
        { rule: "max_tool_errors", action: "inject", mode: "enforce", count: 14, tokens: 2140, usd: 0.006, ms: 0 },
        { rule: "no-delete", action: "block", mode: "enforce", count: 6, tokens: 380, usd: 0.001, ms: 0 },
        {
          rule: "token_budget_per_session",
          action: "block",
          mode: "enforce",
          count: 2,
          tokens: -48_000,
          usd: -0.31,
          ms: 0,
        },
      ],
      tools: [
        { name: "bash", calls: 1841, errors: 214, mean_ms: 812, longest_ms: 7308 },
        { name: "read_file", calls: 1202, errors: 31, mean_ms: 24, longest_ms: 216 },
        { name: "edit_file", calls: 611, errors: 58, mean_ms: 41, longest_ms: 369 },
        { name: "web_search", calls: 208, errors: 9, mean_ms: 2310, longest_ms: 20790 },
        { name: "get_reservation_details", calls: 96, errors: 2, mean_ms: 133, longest_ms: 1197 },
      ],
      models: [
        {
          model: "claude-sonnet-4-5",
          exchanges: 2210,
          failed: 4,
          input_tokens: 48_200_000,
          cached_tokens: 44_100_000,
          output_tokens: 1_020_000,
          cost_usd: 41.2,
        },
        {
          model: "gpt-5-codex",
          exchanges: 1408,
          failed: 2,
          input_tokens: 22_900_000,
          cached_tokens: 19_000_000,
          output_tokens: 610_000,
          cost_usd: 13.61,
        },
        {
          model: "qwen3:8b",
          exchanges: 301,
          failed: 1,
          input_tokens: 1_900_000,
          cached_tokens: 0,
          output_tokens: 88_000,
          cost_usd: 0,
        },
      ],
      days: Array.from({ length: 12 }, (_, i) => ({
        day: new Date(Math.floor(Date.now() / 864e5) * 864e5 - (11 - i) * 864e5).toISOString(),
        exchanges: 100 + i * 31,
        input_tokens: 1e6,
        cached_tokens: 8e5,
        output_tokens: 2e4,
        cost_usd: [3.1, 4.2, 0, 0.4, 6.8, 5.1, 9.9, 7.2, 0, 1.1, 12.4, 8.6][i] ?? 0,
      })),
      errors: [
        { class: "overloaded", count: 4 },
        { class: "cut stream", count: 3 },
      ],
    };
  },
  connect: () => {
    const proxy = "http://127.0.0.1:4100";
    const one = (
      id: string,
      name: string,
      program: string | null,
      variable: string,
      tail: string,
      note: string | null,
    ) => ({
      id,
      name,
      run: program === null ? null : `switchtower run -- ${program}`,
      variables: [{ name: variable, value: proxy + tail }],
      command: `${variable}=${proxy}${tail} ${program ?? "your-agent"}`,
      file: null,
      note,
    });
    return {
      proxy,
      openai_base_url: `${proxy}/v1`,
      agents: [
        one("claude-code", "Claude Code", "claude", "ANTHROPIC_BASE_URL", "", null),
        {
          ...one("codex", "Codex", "codex", "", "", "Codex ignores OPENAI_BASE_URL."),
          variables: [],
          command: `codex -c 'openai_base_url="${proxy}/v1"'`,
          file: { path: "~/.codex/config.toml", text: `openai_base_url = "${proxy}/v1"\n` },
        },
        one("gemini-cli", "Gemini CLI", "gemini", "GOOGLE_GEMINI_BASE_URL", "", null),
        one(
          "opencode",
          "opencode",
          "opencode",
          "ANTHROPIC_BASE_URL",
          "/v1",
          "Unlike other clients, opencode wants it with /v1.",
        ),
        one(
          "openai-sdk",
          "OpenAI SDKs and Agents SDK",
          null,
          "OPENAI_BASE_URL",
          "/v1",
          "Without /v1 the SDKs call /chat/completions.",
        ),
        one(
          "anthropic-sdk",
          "Anthropic SDKs",
          null,
          "ANTHROPIC_BASE_URL",
          "",
          "Without /v1 at the end: the SDKs add it themselves.",
        ),
        one("google-sdk", "Google Gen AI SDKs", null, "GOOGLE_GEMINI_BASE_URL", "", null),
        one("langchain", "LangChain, LangGraph, pydantic-ai", null, "OPENAI_BASE_URL", "/v1", null),
        one("ollama", "Ollama", null, "OLLAMA_HOST", "", null),
      ],
    };
  },
  health: () => ({
    state: "ok",
    version: "0.1.0",
    proxy: "http://127.0.0.1:4100",
    console: "http://127.0.0.1:4101",
    data: "~/.local/share/switchtower",
    started_at: new Date(Date.now() - 3 * 3600e3).toISOString(),
    ledger: {
      ok: true,
      error: null,
      path: "~/.local/share/switchtower/traces.db",
      bytes: 41_203_712,
      recorded_late: 0,
    },
    queue_bytes: 0,
    dropped_events: 0,
    passed_through: 12,
    open_exchanges: 3,
    policies: POLICIES,
    breakers: [],
    providers: [
      { name: "openai", dialect: "openai", base_url: "https://api.openai.com/v1", api_key: "passthrough" },
      { name: "anthropic", dialect: "anthropic", base_url: "https://api.anthropic.com", api_key: "passthrough" },
      {
        name: "gemini",
        dialect: "gemini",
        base_url: "https://generativelanguage.googleapis.com",
        api_key: "env:GEMINI_API_KEY",
      },
      { name: "ollama", dialect: "ollama", base_url: "http://127.0.0.1:11434", api_key: "passthrough" },
      {
        name: "openrouter",
        dialect: "openai",
        base_url: "https://openrouter.ai/api/v1",
        api_key: "keychain:openrouter",
      },
    ],
    budgets: [],
  }),
};

function missing(what: string): never {
  throw new Refusal("not_found", `Nothing is recorded under ${what}.`, "It may be of another data folder.");
}

async function rpc(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const piece of request) text += piece;
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const answer = (answers as Record<string, ((args: object) => unknown) | undefined>)[name];
  if (!answer) return send(404, { code: "unknown_command", message: `There is no command ${name}.`, hint: "" });
  try {
    send(200, answer(JSON.parse(text || "{}")));
  } catch (cause) {
    const { code, message, hint } = cause as Refusal;
    send(400, { code: code ?? "failed", message, hint: hint ?? "" });
  }
}

function events(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": open\n\n");
  const timer = setInterval(() => {
    for (const change of grow()) response.write(`data: ${JSON.stringify(change)}\n\n`);
  }, 900);
  response.on("close", () => clearInterval(timer));
}

type Middlewares = {
  use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown;
};

function serve(middlewares: Middlewares): void {
  middlewares.use((request, response, next) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/events") events(response);
    else if (path.startsWith("/rpc/")) void rpc(path.slice(5), request, response);
    else next();
  });
}

export function fixture(): Plugin {
  return {
    name: "switchtower-fixture",
    apply: "serve",
    configureServer: (server) => serve(server.middlewares),
    configurePreviewServer: (server) => serve(server.middlewares),
  };
}

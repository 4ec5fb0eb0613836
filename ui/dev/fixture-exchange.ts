// One made-up exchange in full: bodies in the OpenAI chat dialect or Anthropic's, frames, verdicts.
import type { ExchangeView, FramePage } from "../src/bridge";
import { argumentsAt, findSession, interventionsOf, locate, rowAt, said } from "./fixture-sessions.ts";

const SYSTEM =
  "You are a careful engineer working in a Rust workspace.\nRead before you edit. Run the tests that a change concerns.";

function messages(session: string, index: number): object[] {
  const out: object[] = [{ role: "user", content: findSession(session)?.title ?? "" }];
  for (let i = Math.max(0, index - 60); i < index; i += 2) {
    const call = rowAt(session, i).tool_calls[0];
    out.push({
      role: "assistant",
      content: [
        { type: "text", text: said(i) },
        { type: "tool_use", id: `call_${i}`, name: call?.name ?? "Bash", input: { command: argumentsAt(i) } },
      ],
    });
    const failed = rowAt(session, i + 1).state === "failed";
    const text = failed
      ? "error: exit status 101\nthread 'retry' panicked at src/retry.rs:88:9:\nassertion `left == right` failed\n  left: 2\n right: 3"
      : "running 3 tests\ntest retry::waits_for_the_header ... ok\ntest retry::gives_up_after_three ... ok\ntest retry::keeps_the_body ... ok\n\ntest result: ok. 3 passed; 0 failed";
    out.push({
      role: "user",
      content: [{ type: "tool_result", tool_use_id: `call_${i}`, content: text, is_error: failed }],
    });
  }
  return out;
}

function stream(session: string, index: number): { text: string; frames: { at_ms: number; text: string }[] } {
  const row = rowAt(session, index);
  const frames: { at_ms: number; text: string }[] = [];
  const first = row.first_token_ms ?? 400;
  const put = (at: number, type: string, data: object) =>
    frames.push({ at_ms: at, text: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n` });
  put(first - 20, "message_start", {
    message: {
      id: "msg_01",
      type: "message",
      role: "assistant",
      model: row.name,
      content: [],
      usage: { input_tokens: row.input_tokens, output_tokens: 1 },
    },
  });
  put(first, "content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  const words = said(index).split(/(?<= )/);
  for (const [i, word] of words.entries()) {
    put(first + i * 38 + (i === 5 ? 900 : 0), "content_block_delta", {
      index: 0,
      delta: { type: "text_delta", text: word },
    });
  }
  let at = first + words.length * 38 + 900;
  put(at, "content_block_stop", { index: 0 });
  const call = row.tool_calls[0];
  if (call) {
    put(at, "content_block_start", {
      index: 1,
      content_block: { type: "tool_use", id: call.id, name: call.name, input: {} },
    });
    const json = JSON.stringify({ command: argumentsAt(index) });
    for (let i = 0; i < json.length; i += 9) {
      at += 21;
      put(at, "content_block_delta", {
        index: 1,
        delta: { type: "input_json_delta", partial_json: json.slice(i, i + 9) },
      });
    }
    put(at, "content_block_stop", { index: 1 });
  }
  put(at + 5, "message_delta", {
    delta: { stop_reason: call ? "tool_use" : "end_turn" },
    usage: { output_tokens: row.output_tokens },
  });
  put(at + 6, "message_stop", {});
  return { text: frames.map((f) => f.text).join(""), frames };
}

export function framesOf(exchange: string, from: number, count: number): FramePage {
  const place = locate(exchange);
  if (!place) return { frames: [], total: 0 };
  const { frames } = stream(place.session, place.index);
  return { frames: frames.slice(from, from + count).map((f, i) => ({ index: from + i, ...f })), total: frames.length };
}

export function exchangeOf(exchange: string): ExchangeView | null {
  const place = locate(exchange);
  if (!place) return null;
  const { session, index } = place;
  const row = rowAt(session, index);
  const interventions = interventionsOf(session).filter((i) => i.exchange === exchange);
  const tools = ["Bash", "Read", "Edit", "Grep"].map((name) => ({
    name,
    description: `${name} on the developer's machine. Output is cut at 30,000 characters.`,
    input_schema: {
      type: "object",
      properties: { command: { type: "string", description: "What to run" } },
      required: ["command"],
    },
  }));
  const body = {
    model: row.name,
    max_tokens: 8192,
    stream: true,
    system: [{ type: "text", text: SYSTEM, cache_control: { type: "ephemeral" } }],
    tools,
    messages: messages(session, index),
  };
  const sent = structuredClone(body);
  const inject = interventions.find((i) => i.action === "inject" && i.mode === "enforce");
  if (inject) sent.messages.push({ role: "user", content: inject.after });
  const answer = stream(session, index).text;
  const block = interventions.find((i) => i.action === "block" && i.mode === "enforce");
  const got = block
    ? answer
        .replaceAll("tool_use", "end_turn")
        .replace(/event: content_block_\w+\ndata: \{"type":"content_block_\w+","index":1.*\n\n/g, "")
    : answer;
  const headers: [string, string][] = [
    ["host", "127.0.0.1:4100"],
    ["content-type", "application/json"],
    ["anthropic-version", "2023-06-01"],
    ["x-api-key", "[masked]"],
    ["user-agent", "claude-cli/2.0.31 (external, cli)"],
  ];
  const open = row.state === "open";
  const reply = (text: string) => ({
    status: 200,
    headers: [
      ["content-type", "text/event-stream; charset=utf-8"],
      ["request-id", "req_011CT"],
    ] as [string, string][],
    body: text,
  });
  return {
    id: exchange,
    session,
    step: row.step,
    run: row.run,
    row: index,
    side_call: false,
    imported: false,
    replayed_from: null,
    rewind: null,
    incomplete: false,
    new_messages: 1,
    preview: row.preview,
    calls: [],
    request_changed: inject !== undefined,
    response_changed: block !== undefined,
    dialect: "anthropic",
    provider: "anthropic",
    model: row.name,
    served_model: `${row.name}-20250929`,
    state: open ? "open" : row.state === "failed" ? "failed" : "complete",
    finish: row.tool_calls.length > 0 ? "tool_use" : "end_turn",
    origin: row.state === "failed" ? "provider" : null,
    error: row.state === "failed" ? "The provider closed the connection in the middle of the stream." : null,
    method: "POST",
    path: "/v1/messages?beta=true",
    stream: true,
    cost_usd: row.cost_usd,
    attempts: [
      {
        model: row.name,
        provider: "anthropic",
        status: 200,
        error: null,
        duration_ms: row.duration_ms ?? 0,
        why: null,
      },
    ],
    agent_request: { status: null, headers, body: JSON.stringify(body) },
    sent_request: { status: null, headers, body: JSON.stringify(inject ? sent : body) },
    provider_response: open ? null : reply(answer),
    agent_response: open ? null : reply(got),
    usage: {
      input_tokens: row.input_tokens,
      cached_tokens: row.cached_tokens,
      cache_write_tokens: 420,
      output_tokens: row.output_tokens,
      reasoning_tokens: 0,
      estimated: false,
    },
    timing: {
      started_at: row.started_at,
      first_token_ms: row.first_token_ms,
      duration_ms: row.duration_ms,
      added_ms: 0.31,
      commit_ms: 1.9,
    },
    verdicts: [
      {
        at: row.started_at,
        point: "model.request",
        rule: "max_tool_errors",
        policy: "desk",
        version: "3fa09c81be22",
        mode: "enforce",
        matched: inject !== undefined,
        micros: 11,
        recomputed: false,
        values: { "run.tool_errors": inject ? 4 : 1 },
        error: null,
      },
      {
        at: row.started_at,
        point: "model.request",
        rule: "token_budget_per_session",
        policy: "desk",
        version: "3fa09c81be22",
        mode: "enforce",
        matched: false,
        micros: 6,
        recomputed: false,
        values: { "session.tokens": 21_840 },
        error: null,
      },
      {
        at: row.started_at,
        point: "tool.call",
        rule: "no-delete",
        policy: "desk",
        version: "3fa09c81be22",
        mode: "enforce",
        matched: block !== undefined,
        micros: 38,
        recomputed: false,
        values: { "call.raw": argumentsAt(index), "call.name": "Bash" },
        error: null,
      },
      {
        at: row.started_at,
        point: "tool.result",
        rule: "big-result",
        policy: "default",
        version: "b41c20aa97d3",
        mode: "shadow",
        matched: index % 5 === 0,
        micros: 9,
        recomputed: false,
        values: { "result.bytes": 48_211 },
        error: index % 14 === 0 ? "division by zero" : null,
      },
    ],
    interventions: interventions.map((i) => i.id),
  };
}

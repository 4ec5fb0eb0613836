// What agents got in the scenario tests, read again by the vendors' own SDKs: each must accumulate the same text, calls, arguments and finish
// as the harness did. Every cell that a table demands must have an answer, and every answer a verdict of every SDK of its form.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { out, root } from "../run/machine.mjs";
import { startReplay } from "./replay.mjs";

const PROGRAMS = join(root, "tests", "clients", "programs");
export const FOLDER = join(out, "cells");

/** SDK → the forms that it reads. The vendor's own SDKs for Gemini always ask for events; the array is its generated client's. */
const SDKS = [
  { name: "openai (Python)", language: "python", sdk: "openai", reads: ["Chat", "Responses"] },
  { name: "openai (Node)", language: "node", sdk: "openai", reads: ["Chat", "Responses"] },
  { name: "anthropic (Python)", language: "python", sdk: "anthropic", reads: ["Anthropic"] },
  { name: "@anthropic-ai/sdk", language: "node", sdk: "anthropic", reads: ["Anthropic"] },
  { name: "google-genai", language: "python", sdk: "gemini", reads: ["Gemini", "GeminiArray whole"] },
  { name: "@google/genai", language: "node", sdk: "gemini", reads: ["Gemini", "GeminiArray whole"] },
  { name: "google-ai-generativelanguage", language: "python", sdk: "array", reads: ["GeminiArray"] },
  { name: "ollama (Python)", language: "python", sdk: "ollama", reads: ["Ollama", "OllamaGenerate"] },
  { name: "ollama (Node)", language: "node", sdk: "ollama", reads: ["Ollama", "OllamaGenerate"] },
];

const formOf = ({ dialect, streamed }) => `${dialect} ${streamed ? "streamed" : "whole"}`;
const readsIt = ({ reads }, answer) => reads.includes(answer.dialect) || reads.includes(formOf(answer));

/** An empty folder for the harness to write to. */
export function emptyFolder() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  return FOLDER;
}

/** What the tests wrote: the demanded cells, and the answers. */
function written() {
  const lines = readdirSync(FOLDER).flatMap((file) => {
    const table = file.replace(".ndjson", "");
    return readFileSync(join(FOLDER, file), "utf8").trim().split("\n").map((line) => ({ table, ...JSON.parse(line) }));
  });
  const demanded = lines.filter(({ cell }) => cell).map((line) => ({ ...line, row: line.cell }));
  return { demanded, answers: lines.filter(({ body }) => body !== undefined) };
}

/** One process reads all answers of its forms; the verdicts, by the answer's place. */
async function judge({ language, sdk, name, ...forms }, answers, base, { python, packages }) {
  const program = language === "python" ? [python, join(PROGRAMS, "cells.py")] : ["node", join(PROGRAMS, "cells.mjs")];
  const env = { PATH: process.env.PATH, PACKAGES: packages };
  const child = spawn(program[0], [program[1], sdk, base], { env, stdio: ["pipe", "pipe", "pipe"] });
  let noise = "";
  child.stderr.setEncoding("utf8").on("data", (text) => { noise += text; });
  const mine = answers.map((answer, id) => ({ id, answer })).filter(({ answer }) => readsIt(forms, answer));
  child.stdin.end(mine.map(({ id, answer }) => `${JSON.stringify({ id, form: answer.dialect, streamed: answer.streamed })}\n`).join(""));
  const verdicts = new Map();
  for await (const line of createInterface(child.stdout)) {
    const { id, ...read } = JSON.parse(line);
    verdicts.set(id, difference(answers[id], read));
  }
  const missing = mine.filter(({ id }) => !verdicts.has(id));
  for (const { id } of missing) verdicts.set(id, `${name} said nothing of it: ${noise.slice(-400)}`);
  return verdicts;
}

/** Ids that a form does not carry are the harness' own. */
const WITH_IDS = ["Chat", "Responses", "Anthropic"];

/** JSON with keys in order: an SDK reads values, not text. */
const plain = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

/** What an SDK read otherwise than the harness; empty where it is the same. */
function difference({ dialect, read }, said) {
  if (said.error) return said.error;
  const ids = WITH_IDS.includes(dialect);
  const call = ({ id, name, arguments: given }) => ({ ...(ids ? { id } : {}), name, arguments: typeof given === "string" ? JSON.parse(given) : given });
  const shape = ({ text, calls, finish }) => ({ text, calls: calls.map(call), finish });
  const [wanted, got] = [plain(shape(read)), plain(shape(said))];
  return wanted === got ? "" : `read ${got}, not ${wanted}`;
}

/** Judges everything that was written; prints the table, writes it to `tests/out/cells.md`, and says how many failed. */
export async function judgeCells(environments) {
  const { demanded, answers } = written();
  const replay = await startReplay(answers);
  const verdicts = await Promise.all(SDKS.map(async (sdk) => ({ sdk, of: await judge(sdk, answers, replay.base, environments) })));
  replay.stop();
  const failures = [];
  for (const [id, answer] of answers.entries()) {
    const judges = verdicts.filter(({ of }) => of.has(id));
    const where = `${answer.table}: ${answer.row} × ${formOf(answer)}`;
    if (judges.length === 0) failures.push(`${where}: no SDK reads this form`);
    for (const { sdk, of } of judges) if (of.get(id)) failures.push(`${where} × ${sdk.name}: ${of.get(id)}`);
  }
  const rows = tabulate(demanded, answers, verdicts, failures);
  writeFileSync(join(out, "cells.md"), rows);
  console.log(rows);
  const judged = verdicts.reduce((sum, { of }) => sum + of.size, 0);
  console.log(`${answers.length} answers of ${new Set(answers.map(({ table }) => table)).size} test programs, ${judged} readings by ${SDKS.length} SDKs`);
  return { judged, failures };
}

/** The table of demanded cells: each names how many answers it has, and a mark for each SDK that read them all. */
function tabulate(demanded, answers, verdicts, failures) {
  const forms = [...new Set(demanded.map(formOf))];
  const rows = [...new Set(demanded.map(({ table, row }) => `${table}: ${row}`))];
  const wanted = new Set(demanded.map((cell) => `${cell.table}: ${cell.row} × ${formOf(cell)}`));
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const cell = (row, form) => {
    if (!wanted.has(`${row} × ${form}`)) return "";
    const mine = [...answers.entries()].filter(([, answer]) => `${answer.table}: ${answer.row}` === row && formOf(answer) === form);
    if (mine.length === 0) {
      failures.push(`${row} × ${form}: the cell is empty`);
      return "empty";
    }
    const judges = verdicts.filter(({ of }) => of.has(mine[0][0]));
    return `${mine.length} ${judges.map(({ of }) => (mine.every(([id]) => of.get(id) === "") ? "✓" : "✗")).join("")}`;
  };
  const names = (form) => SDKS.filter((sdk) => sdk.reads.includes(form) || sdk.reads.includes(form.split(" ")[0])).map(({ name }) => name);
  const head = line(["", ...forms]) + line(Array(forms.length + 1).fill("---"));
  const judges = line(["read by", ...forms.map((form) => names(form).join(", "))]);
  return head + judges + rows.map((row) => line([row, ...forms.map((form) => cell(row, form))])).join("");
}

// Serves recorded answers again, byte for byte and write for write: a request for the model `cell-N` gets the Nth.
import { createServer } from "node:http";

/** What its own server puts there. */
const OWN = ["connection", "content-length", "transfer-encoding", "date", "keep-alive"];

export async function startReplay(answers) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const asked = request.url + Buffer.concat(chunks).toString();
      serve(answers[asked.match(/cell-(\d+)/)?.[1]], request, response);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { base: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** A path that does not fit the form would prove nothing. */
const PATHS = {
  Chat: /\/chat\/completions$/, Responses: /\/responses$/, Anthropic: /\/v1\/messages$/, Gemini: /:(streamG|g)enerateContent/,
  GeminiArray: /:(streamG|g)enerateContent/, Ollama: /\/api\/chat$/, OllamaGenerate: /\/api\/generate$/,
};

async function serve(answer, request, response) {
  if (!answer || !PATHS[answer.dialect].test(request.url)) {
    response.writeHead(404, { "content-type": "application/json" });
    return response.end(JSON.stringify({ error: { message: `no recorded answer fits ${request.url}` } }));
  }
  response.writeHead(answer.status, answer.headers.filter(([name]) => !OWN.includes(name.toLowerCase())).flat());
  let rest = Buffer.from(answer.body, "base64");
  for (const size of answer.pieces) {
    response.write(rest.subarray(0, size));
    rest = rest.subarray(size);
    await new Promise((written) => setImmediate(written));
  }
  response.end();
}

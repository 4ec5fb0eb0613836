import { expect, test } from "vitest";
import type { RewindView } from "@/bridge";
import { rewindCommand, rewindSummary } from "./rewind";

test("a known agent's command names its program", () => {
  expect(rewindCommand("exc_1", { agent: "claude-code" })).toBe("switchtower run --from exc_1 -- claude …");
  expect(rewindCommand("exc_1", { agent: "mine" })).toBe("switchtower run --from exc_1 -- my-agent …");
  expect(rewindCommand("exc_1", null)).toContain("my-agent");
});

test("a summary says how far the record went and why it ended", () => {
  const rewind: RewindView = {
    recorded_session: "ses_1",
    exchange: "exc_9",
    step: 9,
    answers: 9,
    served: 4,
    live: null,
  };
  expect(rewindSummary(rewind)).toBe("Rewind: 4 of 9 answers from the record, not live yet");
  const live = { exchange: "exc_5", at: "", why: "differs" as const, recorded: "exc_4", differences: [] };
  expect(rewindSummary({ ...rewind, live })).toContain("then live: the request differs from the record");
});

import { expect, test } from "vitest";
import type { EscalationFigures, EscalationView } from "@/bridge";
import { alike, byDeadline, rubberStamped } from "./escalation";

const question = (id: string, more: Partial<EscalationView>) =>
  ({
    id,
    rule: "r",
    policy: "p",
    tool: "t",
    decided_at: null,
    opened_at: "2026-01-01T00:00:00Z",
    ...more,
  }) as EscalationView;

test("the nearest deadline comes first, then the one that has waited longest", () => {
  const list = [
    question("late", { expires_at: "2026-01-01T03:00:00Z" }),
    question("young", { expires_at: "2026-01-01T01:00:00Z", opened_at: "2026-01-01T00:30:00Z" }),
    question("old", { expires_at: "2026-01-01T01:00:00Z" }),
  ];
  expect(byDeadline(list).map((one) => one.id)).toEqual(["old", "young", "late"]);
});

test("alike are decided questions of the same rule about the same tool", () => {
  const all = [
    question("a", { decided_at: "2026-01-01T01:00:00Z" }),
    question("b", { decided_at: "2026-01-01T02:00:00Z" }),
    question("open", {}),
    question("other", { decided_at: "2026-01-01T02:00:00Z", tool: "u" }),
  ];
  expect(alike(question("new", {}), all).map((one) => one.id)).toEqual(["b", "a"]);
});

test("many hasty approvals look like rubber-stamping; few, slow or mixed ones do not", () => {
  const figures = { approved: 9, edited: 0, denied: 0, approval_rate: 1, median_ms: 1200 } as EscalationFigures;
  expect(rubberStamped(figures)).toBe(true);
  expect(rubberStamped({ ...figures, approved: 3 })).toBe(false);
  expect(rubberStamped({ ...figures, median_ms: 30_000 })).toBe(false);
  expect(rubberStamped({ ...figures, approval_rate: 0.6 })).toBe(false);
});

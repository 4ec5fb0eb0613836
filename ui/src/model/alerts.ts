// What rules told somebody, out of their interventions. Pure.
import type { InterventionView } from "@/bridge";

export type AlertKind = "desktop" | "webhook" | "command";

export type Told = {
  id: string;
  session: string;
  exchange: string;
  at: string;
  rule: string;
  policy: string;
  /** The alert's name in its policy. */
  alert: string;
  kind: AlertKind;
  text: string;
};

/** Null for what only would have been told, or could not. */
export function told(act: InterventionView): Told | null {
  const said = act.mode === "enforce" ? /^Alerted (.*?) \((desktop|webhook|command)\): /.exec(act.summary) : null;
  if (act.action !== "alert" || !said) return null;
  return {
    id: act.id,
    session: act.session,
    exchange: act.exchange,
    at: act.at,
    rule: act.rule ?? "",
    policy: act.policy ?? "",
    alert: said[1] ?? "",
    kind: said[2] as AlertKind,
    text: typeof act.after === "string" && act.after !== "" ? act.after : act.summary.slice(said[0].length),
  };
}

/** Those for this desktop that came after `since` and were not put away, newest first. */
export function unread(all: readonly Told[], since: number, dismissed: ReadonlySet<string>): Told[] {
  return all.filter((one) => one.kind === "desktop" && Date.parse(one.at) > since && !dismissed.has(one.id));
}

// What waits for a person, the nearest deadline first; what was decided; and what people make of each rule's questions.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { escalations } from "@/bridge/queries";
import { TabBar } from "@/widgets/tabs";
import { Decided } from "./Decided";
import { Figures } from "./Figures";
import { Waiting } from "./Waiting";

const TABS = ["waiting", "decided", "rules"] as const;
type Name = (typeof TABS)[number];
const LABELS: Record<Name, string> = { waiting: "Waiting", decided: "Decided", rules: "By rule" };

export function ApprovalsScreen() {
  const { tab, id } = useSearch({ from: "/approvals" });
  const navigate = useNavigate();
  const waiting = useQuery(escalations).data?.escalations.length ?? 0;
  const chosen = TABS.find((name) => name === tab) ?? "waiting";
  const choose = (name: Name) =>
    void navigate({ to: "/approvals", search: name === "waiting" ? {} : { tab: name }, replace: true });
  return (
    <section aria-label="Approvals" className="flex h-full min-h-0 flex-col">
      <header className="flex h-11 shrink-0 items-center border-line border-b px-3">
        <h1 className="font-semibold">Approvals</h1>
      </header>
      <TabBar
        label="Approvals"
        tabs={TABS.map((name) => ({ name, label: LABELS[name], badge: name === "waiting" ? waiting : null }))}
        chosen={chosen}
        choose={choose}
      />
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${chosen}`} className="min-h-0 flex-1">
        {chosen === "waiting" && <Waiting asked={id ?? null} />}
        {chosen === "decided" && <Decided asked={id ?? null} />}
        {chosen === "rules" && <Figures />}
      </div>
    </section>
  );
}

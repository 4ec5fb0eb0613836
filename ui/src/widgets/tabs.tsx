// Tabs whose choice lives in the address, so that each is reachable by link.
import type { ReactNode } from "react";

export type Tab<Name extends string> = { name: Name; label: string; badge?: ReactNode };

export function TabBar<Name extends string>({
  label,
  tabs,
  chosen,
  choose,
  children,
}: {
  label: string;
  tabs: readonly Tab<Name>[];
  chosen: Name;
  choose: (name: Name) => void;
  children?: ReactNode;
}) {
  const move = (by: number) => {
    const at = tabs.findIndex((tab) => tab.name === chosen);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    choose(next.name);
    document.getElementById(`tab-${next.name}`)?.focus();
  };
  return (
    <div className="flex h-8 shrink-0 items-stretch border-line border-b px-2">
      <div role="tablist" aria-label={label} className="flex min-w-0 overflow-x-auto">
        {tabs.map((tab) => (
          <button
            key={tab.name}
            id={`tab-${tab.name}`}
            type="button"
            role="tab"
            aria-selected={tab.name === chosen}
            aria-controls="tab-panel"
            tabIndex={tab.name === chosen ? 0 : -1}
            onClick={() => choose(tab.name)}
            onKeyDown={(event) => {
              if (event.key === "ArrowRight") move(1);
              if (event.key === "ArrowLeft") move(-1);
            }}
            className={`-mb-px flex items-center gap-1.5 border-b-2 px-2.5 ${
              tab.name === chosen ? "border-ink font-medium" : "border-transparent text-muted hover:text-ink"
            }`}
          >
            {tab.label}
            {tab.badge != null && tab.badge !== 0 && <span className="num text-faint text-xs">{tab.badge}</span>}
          </button>
        ))}
      </div>
      <div className="ml-auto flex items-center gap-1">{children}</div>
    </div>
  );
}

// The latest alerts, behind one place in the status bar.
import { Link } from "@tanstack/react-router";
import { Bell, BellRing } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { unread } from "@/model/alerts";
import { plural } from "@/model/format";
import { Ago } from "@/widgets/time";
import { useAlerts, useNotices } from "./alerts";

export function AlertList() {
  const all = useAlerts();
  const { since, dismissed, dismiss } = useNotices();
  const [open, setOpen] = useState(false);
  const news = unread(all, since, dismissed).length;
  if (all.length === 0) return null;
  return (
    <Popover.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        // Whoever looks at the list has seen the notices.
        if (next) dismiss(all.map((one) => one.id));
      }}
    >
      <Popover.Trigger
        title="What rules told somebody"
        className={`flex items-center gap-1 hover:text-ink ${news > 0 ? "font-medium text-policy" : ""}`}
      >
        {news > 0 ? <BellRing size={12} /> : <Bell size={12} />}
        {news > 0 ? `${news} new` : plural(all.length, "alert")}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          side="top"
          sideOffset={6}
          collisionPadding={8}
          aria-label="Alerts"
          className="z-30 max-h-[60vh] w-[440px] max-w-[94vw] overflow-y-auto rounded border border-edge bg-raised py-1 text-base shadow-xl"
        >
          <ul>
            {all.map((one) => (
              <li key={one.id}>
                <Link
                  to="/sessions/$session/steps/$exchange"
                  params={{ session: one.session, exchange: one.exchange }}
                  search={{ tab: "policy" }}
                  onClick={() => setOpen(false)}
                  className="block px-3 py-1.5 hover:bg-hover"
                >
                  <span className="flex items-baseline gap-2 text-sm">
                    <span className="truncate font-medium text-policy">{one.alert}</span>
                    <span className="shrink-0 text-faint text-xs">{one.kind}</span>
                    <span className="min-w-0 truncate text-faint text-xs">{one.rule}</span>
                    <span className="num ml-auto text-faint text-xs">
                      <Ago at={one.at} />
                    </span>
                  </span>
                  <span className="line-clamp-3 whitespace-pre-wrap break-words" title={one.text}>
                    {one.text}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

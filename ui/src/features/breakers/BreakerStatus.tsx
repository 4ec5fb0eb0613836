// In the status bar: which breakers keep calls off, or are held by a person; nothing where none is.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Hand, Unplug } from "lucide-react";
import { health } from "@/bridge/queries";
import { breakerLook, figuresWords, keepsOff, troubledFirst } from "@/model/breaker";

export function BreakerStatus() {
  const told = troubledFirst(useQuery(health).data?.breakers ?? []).filter((one) => one.state !== "closed");
  const first = told[0];
  if (!first) return null;
  const words = told.map((one) => `${one.per} ${one.key}: ${breakerLook(one.state).word}, ${figuresWords(one)}`);
  const Icon = keepsOff(first) ? Unplug : Hand;
  return (
    <Link
      to="/overview"
      hash="breakers"
      title={words.join("\n")}
      className={`flex min-w-0 items-center gap-1 font-medium hover:underline ${keepsOff(first) ? "text-error" : "text-human"}`}
    >
      <Icon size={12} className="shrink-0" />
      <span className="truncate">
        {told.length === 1
          ? `${first.key}: breaker ${breakerLook(first.state).word}`
          : `${told.length} breakers not closed`}
      </span>
    </Link>
  );
}

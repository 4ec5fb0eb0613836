import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";

/** True for a moment after `copy` worked. */
export function useCopy(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1200);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, (text) => void copyText(text).then(setCopied)];
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard permission (plain http, old WebKit): the selection way still works.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function CopyButton({
  text,
  label,
  children,
}: {
  text: string | (() => string);
  label: string;
  children?: ReactNode;
}) {
  const [copied, copy] = useCopy();
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={() => copy(typeof text === "string" ? text : text())}
      className="inline-flex h-6 shrink-0 items-center gap-1 rounded px-1.5 text-sm text-muted hover:bg-hover hover:text-ink"
    >
      {copied ? <Check size={13} className="text-ok" /> : <Copy size={13} />}
      {children !== undefined && <span>{copied ? "Copied" : children}</span>}
    </button>
  );
}

// What stands where data does not: skeletons, empty states that name the next act, and errors that say what to do.
import { CircleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export function Skeleton({ width, className = "" }: { width: number | string; className?: string }) {
  return <span aria-hidden className={`skeleton inline-block h-2.5 ${className}`} style={{ width }} />;
}

export function SkeletonRows({ rows }: { rows: number }) {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex h-7 items-center gap-4 px-3">
          <Skeleton width={56} />
          <Skeleton width={90} />
          <Skeleton width={`${24 + ((i * 17) % 41)}%`} />
        </div>
      ))}
    </div>
  );
}

export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-48 flex-col items-center justify-center gap-2 p-8 text-center">
      <Icon size={22} strokeWidth={1.5} className="text-faint" />
      <h2 className="font-medium">{title}</h2>
      <div className="max-w-md text-balance text-muted">{children}</div>
    </div>
  );
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : null;
  return (
    <div role="alert" className="m-3 flex items-start gap-2 rounded border border-error-line bg-error-soft px-3 py-2">
      <CircleAlert size={15} className="mt-0.5 shrink-0 text-error" />
      <div className="min-w-0">
        <p className="break-words">{message}</p>
        {hint !== null && <p className="break-words text-muted">{hint}</p>}
      </div>
      {again && (
        <button
          type="button"
          onClick={again}
          className="ml-auto shrink-0 rounded border border-edge px-2 hover:bg-hover"
        >
          Try again
        </button>
      )}
    </div>
  );
}

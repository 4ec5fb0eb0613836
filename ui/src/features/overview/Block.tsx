import type { ReactNode } from "react";

/** One of the overview's lists: kept whole where columns break. */
export function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="mb-6 min-w-0 break-inside-avoid">
      <h2 className="mb-1 font-medium">{title}</h2>
      {children}
    </section>
  );
}

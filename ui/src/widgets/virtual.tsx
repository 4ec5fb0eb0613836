// A list of rows of one height, of which only the visible ones exist.
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useRef } from "react";

export const ROW = 28;

export type Rows = Virtualizer<HTMLDivElement, Element>;

export function useRows(count: number, scroller: RefObject<HTMLDivElement | null>): Rows {
  return useVirtualizer({ count, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
}

/** Places `render(index)` for each visible row; the row must be `ROW` high. */
export function VirtualRows({ rows, render }: { rows: Rows; render: (index: number) => ReactNode }) {
  return (
    <div role="presentation" className="relative w-full" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map((item) => (
        <div
          key={item.key}
          role="presentation"
          className="absolute inset-x-0 top-0"
          style={{ height: ROW, transform: `translateY(${item.start}px)` }}
        >
          {render(item.index)}
        </div>
      ))}
    </div>
  );
}

export function useScroller(): RefObject<HTMLDivElement | null> {
  return useRef<HTMLDivElement>(null);
}

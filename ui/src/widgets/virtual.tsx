// A list of rows of one height, of which only the visible ones exist.
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useRef } from "react";

export const ROW = 28;
/** A head that stays at the top of its scroller, above the rows. */
export const HEAD = 24;

export type Rows = Virtualizer<HTMLDivElement, Element>;

/** `head`: how much of the scroller's top its head takes. */
export function useRows(count: number, scroller: RefObject<HTMLDivElement | null>, head = 0): Rows {
  return useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: head,
    scrollPaddingStart: head,
  });
}

type Props = { rows: Rows; render: (index: number) => ReactNode /** Of a grid's rows. */; role?: "rowgroup" };

/** Places `render(index)` for each visible row; the row must be `ROW` high. */
export function VirtualRows({ rows, render, role }: Props) {
  return (
    <div role={role ?? "presentation"} className="relative w-full shrink-0" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map((item) => (
        <div
          key={item.key}
          role="presentation"
          className="absolute inset-x-0 top-0"
          style={{ height: ROW, transform: `translateY(${item.start - rows.options.scrollMargin}px)` }}
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

// The stream frame by frame, with the time of each and the gap before it.
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { useState } from "react";
import { beginning, type ExchangeView, type FrameView } from "@/bridge";
import { FRAME_WINDOW, frameWindow } from "@/bridge/queries";
import { useText } from "@/bridge/text";
import { bytes, count, duration, oneLine } from "@/model/format";
import { Wire } from "@/widgets/code";
import { Empty, Failure, SkeletonRows } from "@/widgets/states";
import { useRows, useScroller, VirtualRows } from "@/widgets/virtual";

const COLUMNS = "grid grid-cols-[44px_72px_64px_56px_minmax(0,1fr)] items-center gap-x-3 px-3";
/** A gap that a reader would notice. */
const LONG_GAP_MS = 500;

export function StreamTab({ exchange }: { exchange: ExchangeView }) {
  const client = useQueryClient();
  const first = useQuery(frameWindow(exchange.id, 0));
  const total = first.data?.total ?? 0;
  const scroller = useScroller();
  const rows = useRows(total, scroller);
  const [chosen, setChosen] = useState<number | null>(null);
  const items = rows.getVirtualItems();
  const windows = new Set(
    items.flatMap((item) => [
      Math.floor(item.index / FRAME_WINDOW),
      Math.floor(Math.max(0, item.index - 1) / FRAME_WINDOW),
    ]),
  );
  useQueries({ queries: [...windows].map((window) => frameWindow(exchange.id, window)) });
  const frameAt = (index: number) => {
    const window = Math.floor(index / FRAME_WINDOW);
    return client.getQueryData(frameWindow(exchange.id, window).queryKey)?.frames[index - window * FRAME_WINDOW];
  };
  if (first.isPending) return <SkeletonRows rows={10} />;
  if (first.error) return <Failure error={first.error} again={() => void first.refetch()} />;
  if (total === 0) {
    return (
      <Empty icon={Radio} title={exchange.state === "open" ? "No frame yet" : "Not streamed"}>
        {exchange.state === "open"
          ? "Frames are shown when the answer is recorded."
          : "The answer came in one piece; Raw shows it."}
      </Empty>
    );
  }
  const picked = chosen === null ? undefined : frameAt(chosen);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className={`${COLUMNS} gutter h-6 shrink-0 border-line border-b text-muted text-xs`}>
        <span className="num">#</span>
        <span className="num">At</span>
        <span className="num">Gap</span>
        <span className="num">Size</span>
        <span>{count(total)} frames</span>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto" style={{ scrollbarGutter: "stable" }}>
        <VirtualRows
          rows={rows}
          render={(index) => {
            const frame = frameAt(index);
            const before = index > 0 ? frameAt(index - 1) : undefined;
            const gap = frame && before ? Math.max(0, frame.at_ms - before.at_ms) : null;
            return (
              <button
                type="button"
                aria-pressed={index === chosen}
                onClick={() => setChosen(index === chosen ? null : index)}
                className={`${COLUMNS} h-7 w-full text-left text-sm ${index === chosen ? "bg-chosen" : "hover:bg-hover"}`}
              >
                <span className="num text-faint text-xs">{index}</span>
                <span className="num text-muted">{frame ? duration(frame.at_ms) : ""}</span>
                <span className={`num ${gap !== null && gap > LONG_GAP_MS ? "font-medium text-ink" : "text-faint"}`}>
                  {gap === null ? "" : `+${duration(gap)}`}
                </span>
                <span className="num text-faint">{frame ? bytes(frame.text.length) : ""}</span>
                <span className="truncate font-mono text-[12px]">{frame ? oneLine(beginning(frame.text)) : ""}</span>
              </button>
            );
          }}
        />
      </div>
      {picked && (
        <div className="max-h-[45%] shrink-0 overflow-auto border-line border-t bg-panel px-3 py-2">
          <Frame frame={picked} />
        </div>
      )}
    </div>
  );
}

function Frame({ frame }: { frame: FrameView }) {
  const { body, error } = useText(frame.text);
  if (error) return <Failure error={error} />;
  return <Wire text={body?.text ?? beginning(frame.text)} label={`Frame ${frame.index}`} />;
}

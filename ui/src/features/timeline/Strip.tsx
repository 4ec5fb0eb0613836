// The session at a glance: four lanes over time, one column per pixel, and the context below. Click goes there, a drag zooms.
import { Bot, Layers, Shield, User, Wrench, ZoomOut } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { clock, percent } from "@/model/format";
import { brush, LANES, type Lane, type Range } from "@/model/strip";
import { type Signal, useSignal } from "@/widgets/signal";
import { useTheme } from "@/widgets/theme";
import { toneText } from "@/widgets/tone";
import { AREA, ContextArea, contextWords } from "./ContextArea";
import { type Sample, useContextSamples } from "./context-data";
import type { Strip as StripData } from "./strip-data";
import { useStrip } from "./strip-data";
import { AXIS, draw, HEIGHT, LANE, nearestRow } from "./strip-draw";

const WHOLE = HEIGHT + AREA;
const ICONS: Record<Lane, typeof Bot> = { model: Bot, tool: Wrench, policy: Shield, human: User };

type Props = {
  session: string;
  total: number;
  /** How full the newest request made the model's window, where that is known. */
  used: number | null;
  /** Times of the first and last visible row: the band in the strip. */
  view: Signal<Range | null>;
  onRow: (row: number) => void;
};

export function Strip({ session, total, used, view, onRow }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [zoom, setZoom] = useState<Range | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const dark = useTheme((store) => store.dark);
  const strip = useStrip(session, total, zoom, width);
  const samples = useContextSamples(session, total);
  const newest = samples.at(-1);
  const limit = used !== null && used > 0 && newest ? newest.tokens / used : null;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && strip && width > 0) draw(canvas.current, strip, width);
  }, [strip, width, dark]);

  const xOf = (event: React.PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    return Math.max(0, Math.min(width, event.clientX - left));
  };
  const onUp = (event: React.PointerEvent) => {
    if (!drag || !strip) return;
    const to = xOf(event);
    if (Math.abs(to - drag.from) > 4) {
      setZoom(brush(strip.range, width, drag.from, to));
      const row = nearestRow(strip, Math.min(to, drag.from));
      if (row !== null) onRow(row);
    } else {
      const row = nearestRow(strip, to);
      if (row !== null) onRow(row);
    }
    setDrag(null);
  };

  const scale = strip ? width / Math.max(1, strip.range.to - strip.range.from) : 0;
  return (
    <div className="flex shrink-0 border-line border-b bg-panel py-1 pr-3" data-testid="strip">
      <div className="w-[76px] shrink-0 pl-3 text-xs">
        {LANES.map((lane) => {
          const Icon = ICONS[lane];
          return (
            <div
              key={lane}
              className={`flex items-center gap-1 leading-none ${toneText(lane)}`}
              style={{ height: LANE }}
            >
              <Icon size={10} /> {lane}
            </div>
          );
        })}
        <div style={{ height: AXIS }}>
          {zoom && (
            <button
              type="button"
              onClick={() => setZoom(null)}
              className="flex items-center gap-1 text-muted hover:text-ink"
            >
              <ZoomOut size={10} /> whole
            </button>
          )}
        </div>
        <div
          className="flex flex-col justify-end pb-px text-muted leading-[14px]"
          style={{ height: AREA }}
          title="The context: instructions, tool definitions, history, tool results; red where the model's window ends"
        >
          <span className="flex items-center gap-1">
            <Layers size={10} /> context
          </span>
          {used !== null && <span className="pl-3.5 text-faint tabular-nums">{percent(used)} full</span>}
        </div>
      </div>
      <div
        ref={box}
        role="img"
        aria-label={`Time strip of ${total} rows: model, tool, policy and human lanes; context: ${newest ? contextWords(samples, newest.at) : "unknown"}`}
        className="relative min-w-0 flex-1 cursor-crosshair touch-none select-none"
        style={{ height: WHOLE }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: xOf(event), to: xOf(event) });
        }}
        onPointerMove={(event) => {
          setHover(xOf(event));
          if (drag) setDrag({ ...drag, to: xOf(event) });
        }}
        onPointerUp={onUp}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={() => setZoom(null)}
      >
        <canvas ref={canvas} className="absolute inset-x-0 top-0" style={{ width, height: HEIGHT }} />
        {strip && <ContextArea samples={samples} range={strip.range} width={width} limit={limit} />}
        {strip && <Band view={view} range={strip.range} scale={scale} width={width} />}
        {drag && Math.abs(drag.to - drag.from) > 4 && (
          <div
            className="pointer-events-none absolute top-0 border-focus border-x bg-focus/20"
            style={{
              left: Math.min(drag.from, drag.to),
              width: Math.abs(drag.to - drag.from),
              height: LANES.length * LANE,
            }}
          />
        )}
        {hover !== null && !drag && strip && scale > 0 && (
          <Cursor x={hover} width={width} strip={strip} samples={samples} />
        )}
        {strip?.partial && <span className="absolute right-0 bottom-0 text-faint text-xs">latest 4,000 rows</span>}
      </div>
    </div>
  );
}

type BandProps = { view: Signal<Range | null>; range: Range; scale: number; width: number };

/** What of the session the rows below show. */
function Band({ view, range, scale, width }: BandProps) {
  const seen = useSignal(view);
  const band = seen ? clip(seen, range, scale, width) : null;
  if (!band) return null;
  return (
    <div
      className="pointer-events-none absolute top-0 rounded-sm border-edge border-x bg-ink/5"
      style={{ ...band, height: LANES.length * LANE }}
    />
  );
}

type CursorProps = { x: number; width: number; strip: StripData; samples: Sample[] };

function Cursor({ x, width, strip, samples }: CursorProps) {
  const at = strip.range.from + (x / Math.max(1, width)) * (strip.range.to - strip.range.from);
  return (
    <div className="pointer-events-none absolute top-0 h-full w-px bg-faint" style={{ left: x }}>
      <span
        className={`num absolute rounded border border-line bg-raised px-1 text-xs ${x > width / 2 ? "right-1" : "left-1"}`}
        style={{ top: LANES.length * LANE - 2 }}
      >
        {clock(at)}
        {samples.length > 0 && <span className="text-muted"> · {contextWords(samples, at)}</span>}
      </span>
    </div>
  );
}

function clip(view: Range, range: Range, scale: number, width: number): { left: number; width: number } | null {
  const left = Math.max(0, (view.from - range.from) * scale);
  const right = Math.min(width, (view.to - range.from) * scale);
  return right < 0 || left > width ? null : { left, width: Math.max(2, right - left) };
}

// The time strip: spans of work binned per pixel, so that drawing costs the strip's width and not the session's length.

export const LANES = ["model", "tool", "policy", "human"] as const;
export type Lane = (typeof LANES)[number];

/** One piece of work: a model call, a tool call, an intervention (a point: start = end). */
export type Span = { lane: Lane; start: number; end: number; failed: boolean; row: number };

export type Bins = {
  /** Share of the pixel's time that is covered, 0 to 1; points count as fully covered. */
  fill: Float32Array;
  /** 1 where something failed. */
  failed: Uint8Array;
  /** First row that touches the pixel, -1 for none: where a click goes. */
  row: Int32Array;
};

export type Range = { from: number; to: number };

/** Bins the spans of one lane over `range` into `width` pixels. */
export function bin(spans: readonly Span[], lane: Lane, range: Range, width: number): Bins {
  const bins: Bins = {
    fill: new Float32Array(width),
    failed: new Uint8Array(width),
    row: new Int32Array(width).fill(-1),
  };
  const length = range.to - range.from;
  if (length <= 0 || width <= 0) return bins;
  const scale = width / length;
  for (const span of spans) {
    if (span.lane !== lane || span.end < range.from || span.start > range.to) continue;
    const start = Math.max(0, (span.start - range.from) * scale);
    const end = Math.min(width, (span.end - range.from) * scale);
    const first = Math.min(width - 1, Math.floor(start));
    const last = Math.min(width - 1, Math.max(first, Math.ceil(end) - 1));
    for (let x = first; x <= last; x += 1) {
      const covered = span.end === span.start ? 1 : Math.min(end, x + 1) - Math.max(start, x);
      bins.fill[x] = Math.min(1, (bins.fill[x] ?? 0) + Math.max(covered, 0.15));
      if (span.failed) bins.failed[x] = 1;
      if ((bins.row[x] ?? -1) < 0) bins.row[x] = span.row;
    }
  }
  return bins;
}

/** The pixel range [from, to] as time; a drag to the left is the same as one to the right. */
export function brush(range: Range, width: number, a: number, b: number): Range {
  const scale = (range.to - range.from) / Math.max(1, width);
  const left = Math.max(0, Math.min(a, b));
  const right = Math.min(width, Math.max(a, b));
  return { from: range.from + left * scale, to: range.from + right * scale };
}

/** Round times between `from` and `to`, at most `most`, as [offset from origin, label]. */
export function ticks(range: Range, origin: number, most: number): { at: number; label: string }[] {
  const length = range.to - range.from;
  if (length <= 0 || most < 1) return [];
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1.8e6, 3.6e6,
    7.2e6, 14.4e6, 21.6e6, 43.2e6, 86.4e6, 172.8e6, 604.8e6,
  ];
  const step = steps.find((size) => length / size <= most) ?? Math.ceil(length / most / 604.8e6) * 604.8e6;
  const out: { at: number; label: string }[] = [];
  for (let at = Math.ceil((range.from - origin) / step) * step; at + origin <= range.to; at += step) {
    out.push({ at: at + origin, label: offset(at) });
  }
  return out;
}

/** Time since the session began: 0, 250ms, 12s, 4:05, 2:03:00, 3d 4h. */
export function offset(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1000) return `${ms}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${Number(seconds.toFixed(2))}s`;
  const s = Math.floor(seconds) % 60;
  const m = Math.floor(seconds / 60) % 60;
  const h = Math.floor(seconds / 3600);
  const two = (n: number) => String(n).padStart(2, "0");
  if (h >= 48) return `${Math.floor(h / 24)}d ${h % 24}h`;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

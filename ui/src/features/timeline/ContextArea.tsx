// The context under the strip, on the same time axis: instructions, tools, history and results stacked, and the window's end.
import { useEffect, useRef } from "react";
import { KINDS, type Kind } from "@/model/composition";
import { short } from "@/model/format";
import type { Range } from "@/model/strip";
import { useTheme } from "@/widgets/theme";
import type { Sample } from "./context-data";

export const AREA = 36;

const LOOK: Record<Kind, { color: string; word: string }> = {
  system: { color: "--slate-8", word: "instructions" },
  tools: { color: "--slate-6", word: "tools" },
  history: { color: "--blue-7", word: "history" },
  results: { color: "--teal-7", word: "results" },
};

type Props = {
  samples: Sample[];
  range: Range;
  width: number;
  /** The model's window in tokens, where it is known. */
  limit: number | null;
};

export function ContextArea({ samples, range, width, limit }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useTheme((store) => store.dark);
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, samples, range, width, limit);
  }, [samples, range, width, limit, dark]);
  return (
    <canvas ref={canvas} data-testid="context" className="absolute left-0" style={{ width, height: AREA, bottom: 0 }} />
  );
}

/** The context at a moment in words. */
export function contextWords(samples: Sample[], at: number): string {
  const here = samples.findLast((sample) => sample.at <= at) ?? samples[0];
  if (!here) return "";
  const parts = KINDS.filter((kind) => here.parts[kind] > 0).map(
    (kind) => `${LOOK[kind].word} ${short(here.parts[kind])}`,
  );
  return `${short(here.tokens)} tokens: ${parts.join(" · ")}`;
}

/** Where the scale ends: above everything, and at the window's end where that is near enough to be shown. */
export function ceiling(samples: Sample[], limit: number | null): number {
  const most = Math.max(1, ...samples.map((sample) => sample.tokens));
  return limit !== null && limit < most * 2.5 ? Math.max(limit * 1.06, most) : most * 1.12;
}

function draw(canvas: HTMLCanvasElement, samples: Sample[], range: Range, width: number, limit: number | null): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = AREA * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  pen.scale(ratio, ratio);
  pen.fillStyle = color("--slate-4");
  pen.fillRect(0, AREA - 1, width, 1);
  if (samples.length === 0) return;
  const top = ceiling(samples, limit);
  const x = (at: number) => ((at - range.from) / Math.max(1, range.to - range.from)) * width;
  const y = (tokens: number) => AREA - 1 - (tokens / top) * (AREA - 3);
  const floor = samples.map(() => 0);
  for (const kind of KINDS) {
    const roof = samples.map((sample, i) => (floor[i] ?? 0) + sample.parts[kind]);
    pen.fillStyle = color(LOOK[kind].color);
    pen.beginPath();
    for (const [px, py] of steps(samples, roof, x, y, width)) pen.lineTo(px, py);
    for (const [px, py] of steps(samples, floor, x, y, width).reverse()) pen.lineTo(px, py);
    pen.fill();
    roof.forEach((value, i) => {
      floor[i] = value;
    });
  }
  if (limit !== null && limit <= top) {
    pen.strokeStyle = color("--red-9");
    pen.setLineDash([4, 3]);
    pen.beginPath();
    pen.moveTo(0, Math.round(y(limit)) + 0.5);
    pen.lineTo(width, Math.round(y(limit)) + 0.5);
    pen.stroke();
  }
}

/** From sample to sample in a straight line; the last one holds to the right edge. */
function steps(
  samples: Sample[],
  values: number[],
  x: (at: number) => number,
  y: (tokens: number) => number,
  width: number,
): [number, number][] {
  const points = samples.map((sample, i): [number, number] => [x(sample.at), y(values[i] ?? 0)]);
  const last = points.at(-1);
  return last ? [...points, [Math.max(last[0], width), last[1]]] : [];
}

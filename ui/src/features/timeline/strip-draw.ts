// The strip's pixels: one column per bin, and which row a pixel stands for.
import { LANES, type Lane, offset, ticks } from "@/model/strip";
import type { Strip as StripData } from "./strip-data";

export const LANE = 13;
export const AXIS = 16;
export const HEIGHT = LANES.length * LANE + AXIS;
const COLORS: Record<Lane, string> = { model: "--blue-9", tool: "--teal-9", policy: "--purple-9", human: "--amber-9" };

/** The row at the pixel or, where nothing is, the nearest to its left, then to its right. */
export function nearestRow(strip: StripData, x: number): number | null {
  const length = Math.max(...LANES.map((lane) => strip.lanes[lane].row.length));
  const at = Math.min(length - 1, Math.floor(x));
  const look = (place: number): number | null => {
    for (const lane of LANES) {
      const row = strip.lanes[lane].row[place] ?? -1;
      if (row >= 0) return row;
    }
    return null;
  };
  for (let away = 0; away < length; away += 1) {
    const found = look(at - away) ?? look(at + away);
    if (found !== null) return found;
  }
  return null;
}

export function draw(canvas: HTMLCanvasElement, strip: StripData, width: number): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  pen.scale(ratio, ratio);
  const origin = strip.range.from;
  pen.font = `10px ${getComputedStyle(document.body).fontFamily}`;
  for (const tick of ticks(strip.range, origin, Math.floor(width / 90))) {
    const x = Math.round(((tick.at - origin) / (strip.range.to - origin)) * width) + 0.5;
    pen.fillStyle = color("--slate-5");
    pen.fillRect(x, 0, 1, LANES.length * LANE + 3);
    pen.fillStyle = color("--slate-10");
    const label = tick.label === "0" ? offset(0) : tick.label;
    const wide = pen.measureText(label).width;
    pen.fillText(label, Math.max(0, Math.min(width - wide, x - wide / 2)), HEIGHT - 4);
  }
  LANES.forEach((lane, place) => {
    const { fill, failed } = strip.lanes[lane];
    const top = place * LANE + 2;
    const tall = LANE - 4;
    pen.fillStyle = color("--slate-4");
    pen.fillRect(0, top + tall - 1, width, 1);
    const accent = color(COLORS[lane]);
    const red = color("--red-9");
    for (let x = 0; x < fill.length && x < width; x += 1) {
      const share = fill[x] ?? 0;
      if (share <= 0) continue;
      pen.globalAlpha = 0.35 + 0.65 * share;
      pen.fillStyle = failed[x] ? red : accent;
      // Height as well as strength, so that density reads without colour; what failed reaches below the line.
      const height = Math.max(3, tall * (0.4 + 0.6 * share));
      pen.fillRect(
        Math.min(x, width - 2),
        top + tall - height,
        lane === "policy" || lane === "human" ? 2 : 1,
        height + (failed[x] ? 2 : 0),
      );
    }
    pen.globalAlpha = 1;
  });
}

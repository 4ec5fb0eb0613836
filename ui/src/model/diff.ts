// Line differences between two texts: Myers' shortest edit script, bounded, so that a hostile pair cannot stall the window.

export type DiffLine = { kind: "same" | "gone" | "new"; text: string };

/** Above this many edits the middle is shown as replaced whole. */
const MOST_EDITS = 600;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = before === "" ? [] : before.split("\n");
  const b = after === "" ? [] : after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const middle = shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

const same = (text: string): DiffLine => ({ kind: "same", text });

function shortest(a: string[], b: string[]): DiffLine[] {
  const replaced = (): DiffLine[] => [
    ...a.map((text): DiffLine => ({ kind: "gone", text })),
    ...b.map((text): DiffLine => ({ kind: "new", text })),
  ];
  if (a.length === 0 || b.length === 0) return replaced();
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= most; d += 1) {
    trace.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      let x = stepsDown(reach, k, d) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      reach.set(k, x);
      if (x >= a.length && y >= b.length) return walkBack(a, b, trace);
    }
  }
  return replaced();
}

function stepsDown(reach: Map<number, number>, k: number, d: number): boolean {
  return k === -d || (k !== d && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
}

function walkBack(a: string[], b: string[], trace: Map<number, number>[]): DiffLine[] {
  const out: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const reach = trace[d] ?? new Map<number, number>();
    const k = x - y;
    const from = stepsDown(reach, k, d) ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (reach.get(from) ?? 0);
    const fromY = d === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      out.push(same(a[x] ?? ""));
    }
    if (d > 0 && x > fromX) {
      x -= 1;
      out.push({ kind: "gone", text: a[x] ?? "" });
    } else if (d > 0 && y > fromY) {
      y -= 1;
      out.push({ kind: "new", text: b[y] ?? "" });
    }
  }
  return out.reverse();
}

export type Hunk = { lines: DiffLine[]; skipped: number };

/** Keeps `around` unchanged lines beside each change; says how many were left out before each hunk. */
export function hunks(lines: DiffLine[], around = 3): Hunk[] {
  const keep = new Uint8Array(lines.length);
  lines.forEach((line, i) => {
    if (line.kind === "same") return;
    keep.fill(1, Math.max(0, i - around), Math.min(lines.length, i + around + 1));
  });
  const out: Hunk[] = [];
  let skipped = 0;
  let open: Hunk | null = null;
  lines.forEach((line, i) => {
    if (keep[i] === 1) {
      if (!open) {
        open = { lines: [], skipped };
        out.push(open);
        skipped = 0;
      }
      open.lines.push(line);
    } else {
      open = null;
      skipped += 1;
    }
  });
  return out;
}

// Numbers, durations, money and times as people read them. Pure; the clock is passed in.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1,234,567: every digit. */
export function count(value: number): string {
  return whole.format(value).replace("-", "−");
}

/** Three digits and a unit: 950, 1.2k, 38.1k, 120k, 4.56M. */
export function short(value: number): string {
  if (value < 0) return `−${short(-value)}`;
  if (value < 1000) return whole.format(value);
  for (const [limit, unit] of [
    [1e6, "k"],
    [1e9, "M"],
    [1e12, "G"],
  ] as const) {
    const scaled = value / (limit / 1000);
    if (Math.abs(scaled) < 999.5) return `${threeDigits(scaled)}${unit}`;
  }
  return `${threeDigits(value / 1e12)}T`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  return value.toFixed(1).replace(/\.0$/, "");
}

/** US dollars: cents from ten cents up, else as many digits as carry meaning; `~` where estimated. */
export function money(usd: number, estimated = false): string {
  const mark = estimated ? "~" : "";
  const sign = usd < 0 ? "−" : "";
  const size = Math.abs(usd);
  if (size === 0) return `${mark}$0`;
  if (size < 0.00005) return `${mark}${sign}<$0.0001`;
  const digits = size >= 0.0995 ? 2 : size >= 0.00995 ? 3 : 4;
  const text = size.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d)(?=\.))/g, ",");
  return `${mark}${sign}$${text}`;
}

/** Milliseconds as 0.4 ms, 12 ms, 1.24 s, 12.4 s, 3 m 05 s, 2 h 03 m. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1).replace(/\.0$/, "")} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** Bytes with binary units: 812 B, 4.1 KiB, 12 MiB. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let scaled = size / 1024;
  let unit = 0;
  while (scaled >= 1023.5 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${threeDigits(scaled)} ${units[unit]}`;
}

/** A share from 0 to 1 as a whole percentage; never 100 % or 0 % unless it is. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share >= 0.995) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

/** How long ago: now, 12 s, 5 m, 3 h, 2 d, else the date. */
export function ago(at: number, now: number): string {
  const seconds = Math.floor((now - at) / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 14 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return new Date(at).toISOString().slice(0, 10);
}

/** As part of a sentence: just now, 12 s ago, on 2026-01-31. */
export function agoInWords(at: number, now: number): string {
  const said = ago(at, now);
  if (said === "now") return "just now";
  return /^\d{4}-/.test(said) ? `on ${said}` : `${said} ago`;
}

/** How long until then: in 12 s, in 5 m, in 3 h, in 2 d; now where it is past. */
export function inWords(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1000);
  if (seconds <= 0) return "now";
  if (seconds < 60) return `in ${seconds} s`;
  if (seconds < 3600) return `in ${Math.round(seconds / 60)} m`;
  if (seconds < 86_400) return `in ${Math.round(seconds / 3600)} h`;
  return `in ${Math.round(seconds / 86_400)} d`;
}

/** The local wall clock to the millisecond, with the date. */
export function exactTime(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${clock(at)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The local wall clock: 14:03:09. */
export function clock(at: number): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** The start and the end where the end matters too: `src/features/…/rows.tsx`. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = Math.max(most - 1, 2);
  const head = Math.ceil(kept / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
}

/** One line for a list: white space folded, control characters shown as a dot. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, "·")
    .trim();
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

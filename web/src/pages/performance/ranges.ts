/** Which time the charts show, and how the address says so. Pure. */
import type { Shown } from "../../charts/useFigures";

/** Name, seconds, and whether it goes on by itself. */
export const RANGES = [
  ["minute", 60, true],
  ["five", 300, true],
  ["quarter", 900, true],
  ["hour", 3_600, true],
  ["quarterDay", 21_600, false],
  ["day", 86_400, false],
  ["week", 604_800, false],
  ["month", 2_592_000, false],
] as const;
export type RangeName = (typeof RANGES)[number][0];
export const RATES = [1, 2, 5, 10] as const;
const DEFAULT: RangeName = "five";
/** Longer ranges hold too many rows to be drawn ten times a second, and nobody would see the difference. */
const FAST_S = 900;

export interface View {
  readonly range: RangeName;
  readonly hz: number;
  /** A piece of time that was dragged out; nothing moves then. */
  readonly from: number | null;
  readonly until: number | null;
}

export function viewOf(query: Readonly<Record<string, unknown>>): View {
  const number = (name: string) => (typeof query[name] === "string" && /^\d{1,11}$/.test(query[name]) ? Number(query[name]) : null);
  const [from, until] = [number("from"), number("until")];
  const whole = from !== null && until !== null && from < until;
  return {
    range: RANGES.find(([name]) => name === query["range"])?.[0] ?? DEFAULT,
    hz: RATES.find((rate) => String(rate) === query["hz"]) ?? 1,
    from: whole ? from : null,
    until: whole ? until : null,
  };
}

export function queryOf({ range, hz, from, until }: View): Record<string, string> {
  return {
    ...(range === DEFAULT ? {} : { range }),
    ...(hz === 1 ? {} : { hz: String(hz) }),
    ...(from !== null && until !== null ? { from: String(Math.floor(from)), until: String(Math.ceil(until)) } : {}),
  };
}

export function shownOf({ range, from, until }: View, paused: boolean): Shown {
  if (from !== null && until !== null) return { live: false, backS: 0, from, until };
  const [, backS, live] = RANGES.find(([name]) => name === range) ?? RANGES[1];
  return { live: live && !paused, backS, from: 0, until: 0 };
}

export const mayBeFast = (view: View) => (RANGES.find(([name]) => name === view.range)?.[1] ?? 0) <= FAST_S;

/** As `<input type="datetime-local" step="1">` writes a time, in the reader's time zone. */
export function localOf(unixS: number): string {
  const time = new Date(unixS * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(time.getFullYear()).padStart(4, "0")}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** Seconds since 1970 of a local time; null where it is none, such as one that is half typed. */
export function unixOf(local: string): number | null {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?/.test(local) ? Date.parse(local) : NaN;
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}

export type RangeProblem = "missing" | "order" | "future" | "tooOld";
/** Clocks of readers and servers differ a little. */
const AHEAD_S = 60;
const DAY_S = 86_400;

/** Why figures can't be drawn from one time until another, or null. `keptDays`: how long the server keeps them. */
export function problemOf(from: number | null, until: number | null, nowUnixS: number, keptDays: number): RangeProblem | null {
  if (from === null || until === null) return "missing";
  if (from >= until) return "order";
  if (until > nowUnixS + AHEAD_S) return "future";
  return until < nowUnixS - keptDays * DAY_S ? "tooOld" : null;
}

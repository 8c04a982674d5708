/** The end of a log that grows: what is shown, and what waits while the reader reads. Pure. */
import type { LogLine } from "../../api/logs";

/** A line with an identity of its own; `missed` lines before it were too many to be told. */
export interface Entry extends LogLine {
  readonly key: number;
  readonly missed: number;
}

export interface Tail {
  /** The oldest first. */
  readonly entries: readonly Entry[];
  /** Came while the reader did not follow. */
  readonly waiting: readonly Entry[];
  /** Of waiting lines that were too many to be kept. */
  readonly lost: number;
}

export const EMPTY: Tail = { entries: [], waiting: [], lost: 0 };
/** A page that is open for days keeps the newest of them. */
export const MOST = 3_000;

let lastKey = 0;
const entry = (line: LogLine, missed = 0): Entry => ({ ...line, key: (lastKey += 1), missed });

/** A page of older lines, the newest first, before what is shown. */
export function withOlder(tail: Tail, items: readonly LogLine[]): Tail {
  return { ...tail, entries: [...[...items].reverse().map((line) => entry(line)), ...tail.entries] };
}

/** New lines, the oldest first. */
export function withNew(tail: Tail, items: readonly LogLine[], missed: number, following: boolean): Tail {
  const fresh = items.map((line, index) => entry(line, index === 0 ? missed : 0));
  if (following) return { ...tail, entries: [...tail.entries, ...fresh].slice(-MOST) };
  const waiting = [...tail.waiting, ...fresh];
  return { ...tail, waiting: waiting.slice(-MOST), lost: tail.lost + Math.max(0, waiting.length - MOST) };
}

/** The reader follows again: what waited is shown. */
export function caughtUp(tail: Tail): Tail {
  const [first, ...rest] = tail.waiting;
  if (!first) return { ...tail, lost: 0 };
  const told = [{ ...first, missed: first.missed + tail.lost }, ...rest];
  return { entries: [...tail.entries, ...told].slice(-MOST), waiting: [], lost: 0 };
}

/** When the newest line that is known was written; what came after it is told when the connection is back. */
export const newestOf = (tail: Tail): number | null => (tail.waiting.at(-1) ?? tail.entries.at(-1))?.time_unix_s ?? null;

/** One line as text, for copies and files. */
export function textOf(line: LogLine): string {
  const { time, level, process, camera_id, request_id, event, fields } = line;
  const about = [camera_id && `camera=${camera_id}`, request_id && `request=${request_id}`, ...fieldsOf(fields).map(([name, value]) => `${name}=${value}`)];
  return [time, level.padEnd(8), process, event, ...about].filter((part) => part !== "").join(" ");
}

/** What else is known of it; what is empty, or stands in a place of its own, tells nothing. */
const ELSEWHERE = new Set(["worker", "epoch", "output", "exception", "repeated", "over_s", "repeats_ended"]);

export function fieldsOf(fields: LogLine["fields"]): readonly (readonly [name: string, value: string])[] {
  return Object.entries(fields).flatMap(([name, value]) => (ELSEWHERE.has(name) || value === "" || value === null ? [] : [[name, typeof value === "string" ? value : JSON.stringify(value)] as const]));
}

/** A traceback, or what a process said last. */
export function outputOf({ fields }: LogLine): string {
  const found = fields["exception"] ?? fields["output"];
  return typeof found === "string" ? found : "";
}

/** How often it was said again, where a line sums up; `ended`: it is over. */
export function repeatsOf({ fields }: LogLine): { readonly count: number; readonly ended: boolean } | null {
  const count = fields["repeated"];
  return typeof count === "number" && count > 0 ? { count, ended: fields["repeats_ended"] === true } : null;
}

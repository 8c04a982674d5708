/** Lines of a camera's log: what they say, and how the end of a growing file is followed. Pure. */

export const LEVELS = ["debug", "info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** `number` counts in the file from 1, so that a line keeps its identity. `gap` lines before it were not fetched. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
  readonly level: Level;
  readonly when: string;
  readonly message: string;
  /** What else is known of it, as the log writes it. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly gap: number;
}

export interface Tail {
  readonly total: number;
  readonly lines: readonly LogLine[];
}

export const EMPTY: Tail = { total: 0, lines: [] };
/** A page that is open for days keeps the newest of them. */
export const MOST_LINES = 2_000;

/** The tail with what the server said now.
 *
 * @param total lines in the file.
 * @param newest the last of them, oldest first.
 */
export function withNewest(tail: Tail, total: number, newest: readonly string[]): Tail {
  // A file that got shorter was begun anew: what was known has other numbers, or is gone.
  const known = total < tail.total ? EMPTY : tail;
  const first = total - newest.length + 1;
  const fresh = newest.map((text, index) => parse(first + index, text)).filter((line) => line.number > known.total);
  if (fresh.length === 0) return known === tail ? tail : { total, lines: [] };
  const gap = known.total > 0 ? (fresh[0]?.number ?? 1) - known.total - 1 : 0;
  const marked = gap > 0 ? fresh.map((line, index) => (index === 0 ? { ...line, gap } : line)) : fresh;
  return { total, lines: [...known.lines, ...marked].slice(-MOST_LINES) };
}

/** How many lines to ask for: those that are new, as far as that is known, and a few that tell when they were too many. */
export function linesToAsk(tail: Tail): number {
  return tail.total === 0 ? 500 : 200;
}

export function matches(line: LogLine, text: string, least: Level): boolean {
  return LEVELS.indexOf(line.level) >= LEVELS.indexOf(least) && line.text.toLowerCase().includes(text.trim().toLowerCase());
}

/** Shown in places of their own, or the same in every line. What is empty tells nothing either. */
const ELSEWHERE = new Set(["timestamp", "level", "event", "camera", "worker", "epoch"]);

/** A line is JSON with `timestamp`, `level`, `event` and more; whatever else stands in the file is shown as it is. */
export function parse(number: number, text: string): LogLine {
  const plain = { number, text, level: "info", when: "", message: text, fields: [], gap: 0 } as const;
  if (!text.startsWith("{")) return { ...plain, level: /\b(error|traceback|fatal)\b/i.test(text) ? "error" : "info" };
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    const { timestamp, level, event } = said;
    const fields = Object.entries(said).flatMap(([name, value]) => (ELSEWHERE.has(name) || value === "" || value === null ? [] : [[name, shown(value)] as const]));
    const when = typeof timestamp === "string" ? timestamp : "";
    return { number, text, level: levelOf(level), when, message: typeof event === "string" ? event : "", fields, gap: 0 };
  } catch {
    return plain; // half a line, or only like JSON
  }
}

function levelOf(level: unknown): Level {
  switch (level) {
    case "debug":
      return "debug";
    case "warn":
    case "warning":
      return "warning";
    case "error":
    case "critical":
    case "exception":
      return "error";
    default:
      return "info";
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

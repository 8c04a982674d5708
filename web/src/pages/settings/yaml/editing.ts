/** What keys do in the editor, as replacements of a piece of the text. Pure. */

export const INDENT = "  ";

/** Replace `start` to `end` by `text`, then select `selectStart` to `selectEnd`. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly selectStart: number;
  readonly selectEnd: number;
}

/** Tab: to the next stop, or all chosen lines to the right. YAML takes no tabs, so it is spaces. */
export function indented(text: string, start: number, end: number): Replacement {
  if (text.slice(start, end).includes("\n")) return withLines(text, start, end, (line) => (line === "" ? line : INDENT + line));
  const column = start - lineStart(text, start);
  const spaces = " ".repeat(INDENT.length - (column % INDENT.length));
  return { start, end, text: spaces, selectStart: start + spaces.length, selectEnd: start + spaces.length };
}

/** Shift and Tab: the chosen lines to the left. */
export function outdented(text: string, start: number, end: number): Replacement {
  return withLines(text, start, end, (line) => line.replace(/^(?: {1,2}|\t)/, ""));
}

/** Enter: the new line begins where this one does, and deeper below a key without a value. */
export function brokenLine(text: string, start: number, end: number): Replacement {
  const line = text.slice(lineStart(text, start), start);
  const deeper = /^\s*(?:- )?[^#]*:\s*$/.test(line) ? INDENT : "";
  const made = `\n${/^ */.exec(line)?.[0] ?? ""}${deeper}`;
  return { start, end, text: made, selectStart: start + made.length, selectEnd: start + made.length };
}

function withLines(text: string, start: number, end: number, change: (line: string) => string): Replacement {
  const from = lineStart(text, start);
  // A selection that ends at the beginning of a line does not mean that line.
  const last = end > start && text[end - 1] === "\n" ? end - 1 : end;
  const after = text.indexOf("\n", last);
  const to = after < 0 ? text.length : after;
  const lines = text.slice(from, to).split("\n");
  const changed = lines.map(change);
  const firstBy = (changed[0]?.length ?? 0) - (lines[0]?.length ?? 0);
  const made = changed.join("\n");
  const by = made.length - (to - from);
  return { start: from, end: to, text: made, selectStart: Math.max(from, start + firstBy), selectEnd: Math.max(from, end + by) };
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where line and column, both counted from 1, are in the text; the nearest place where there is no such. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number++) {
    const next = text.indexOf("\n", start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** Line and column of a place, both counted from 1. */
export function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - lineStart(text, at) + 1 };
}

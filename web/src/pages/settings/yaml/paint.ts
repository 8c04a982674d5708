/** A line of YAML as coloured pieces: near enough to read by. What is right or wrong, the server says. Pure. */

export type Tone = "key" | "text" | "number" | "word" | "comment" | "mask" | "mark" | "plain";
export interface Piece {
  readonly tone: Tone;
  readonly text: string;
}

const KEY = /^(\s*(?:- +)*)((?:"[^"]*"|'[^']*'|[^\s#'"[\]{},][^#'"[\]{},]*?))(\s*:)(?=\s|$)/;
const REST = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(\*\*\*)|([[\]{},]|^\s*-(?=\s)|[|>]$)|([^\s#'"[\]{},][^\s'"[\]{},]*)|(\s+)|(.)/g;
const NUMBER = /^[-+]?(?:\d[\d_]*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const WORD = /^(?:true|false|null|yes|no|~)$/i;

export function painted(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const found = /^\s*#/.test(line) ? null : KEY.exec(line);
  if (found) {
    pieces.push({ tone: "mark", text: found[1] ?? "" }, { tone: "key", text: found[2] ?? "" }, { tone: "mark", text: found[3] ?? "" });
  }
  for (const part of line.slice(found?.[0].length ?? 0).matchAll(REST)) {
    const [text, comment, quoted, mask, mark, bare] = part;
    pieces.push({ tone: toneOf(comment, quoted, mask, mark, bare), text });
  }
  return pieces.filter(({ text }) => text !== "");
}

function toneOf(comment?: string, quoted?: string, mask?: string, mark?: string, bare?: string): Tone {
  if (comment !== undefined) return "comment";
  if (mask !== undefined || quoted === "'***'" || bare?.includes("***")) return "mask";
  if (quoted !== undefined) return "text";
  if (mark !== undefined) return "mark";
  if (bare === undefined) return "plain";
  if (NUMBER.test(bare)) return "number";
  return WORD.test(bare) ? "word" : "text";
}

/** How far a mistake at this column reaches: a word, so that something can be underlined. */
export function wrongPart(line: string, column: number): { readonly start: number; readonly end: number } {
  const start = Math.min(Math.max(0, column - 1), Math.max(0, line.length - 1));
  const word = /^[^\s:,[\]{}#]+/.exec(line.slice(start))?.[0].length ?? 1;
  return { start, end: start + Math.max(1, word) };
}

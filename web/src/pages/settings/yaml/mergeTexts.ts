/** Two people's changes of one text, brought together line by line. Pure. */
import { lineDiff } from "./lineDiff";

/** Lines `start` to before `end` of the old text become `lines`; counted from 0. */
interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** The text with both changes; null where both touch the same or neighbouring lines. */
export function mergeTexts(base: string, theirs: string, mine: string): string | null {
  const [their, my] = [chunksOf(base, theirs), chunksOf(base, mine)];
  const own = my.filter((chunk) => !their.some((other) => same(chunk, other)));
  if (own.some((chunk) => their.some((other) => chunk.start <= other.end && other.start <= chunk.end))) return null;
  const lines = base.split("\n");
  for (const { start, end, lines: now } of [...their, ...own].sort((a, b) => b.start - a.start)) lines.splice(start, end - start, ...now);
  return lines.join("\n");
}

function chunksOf(before: string, after: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let [at, start, lines]: [number, number, string[]] = [0, 0, []];
  const close = () => {
    if (at > start || lines.length > 0) chunks.push({ start, end: at, lines });
  };
  for (const line of lineDiff(before, after)) {
    if (line.kind === "gone") at += 1;
    else if (line.kind === "new") lines.push(line.text);
    else {
      close();
      at += 1;
      [start, lines] = [at, []];
    }
  }
  close();
  return chunks;
}

function same(a: Chunk, b: Chunk): boolean {
  return a.start === b.start && a.end === b.end && a.lines.join("\n") === b.lines.join("\n");
}

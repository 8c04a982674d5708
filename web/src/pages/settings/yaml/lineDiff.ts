/** What differs between two texts, line by line. Pure. */

export interface DiffLine {
  readonly kind: "same" | "gone" | "new";
  readonly text: string;
  /** Line number before and after, counted from 1; null where the line is not there. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Above this many cells the middle is shown as gone and new as a whole: a table of it would stop the page. */
const MOST_CELLS = 4_000_000;

/** The shortest way from one text to the other. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const middle = common(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  const pairs = [
    ...range(head).map((index) => [index, index] as const),
    ...middle.map(([a, b]) => [a + head, b + head] as const),
    ...range(tail).map((index) => [old.length - tail + index, now.length - tail + index] as const),
    [old.length, now.length] as const,
  ];
  const lines: DiffLine[] = [];
  let [done, made] = [0, 0];
  for (const [a, b] of pairs) {
    for (; done < a; done++) lines.push({ kind: "gone", text: old[done] ?? "", before: done + 1, after: null });
    for (; made < b; made++) lines.push({ kind: "new", text: now[made] ?? "", before: null, after: made + 1 });
    if (a < old.length) lines.push({ kind: "same", text: old[a] ?? "", before: a + 1, after: b + 1 });
    [done, made] = [a + 1, b + 1];
  }
  return lines;
}

/** Pairs of lines that both have, by the table of longest common runs (Wagner and Fischer, 1974). */
function common(old: readonly string[], now: readonly string[]): readonly (readonly [number, number])[] {
  if (old.length * now.length > MOST_CELLS) return [];
  const width = now.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const at = (a: number, b: number) => longest[a * width + b] ?? 0;
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = now.length - 1; b >= 0; b--) longest[a * width + b] = old[a] === now[b] ? at(a + 1, b + 1) + 1 : Math.max(at(a + 1, b), at(a, b + 1));
  }
  const pairs: [number, number][] = [];
  for (let a = 0, b = 0; a < old.length && b < now.length; ) {
    if (old[a] === now[b]) pairs.push([a++, b++]);
    else if (at(a + 1, b) >= at(a, b + 1)) a += 1;
    else b += 1;
  }
  return pairs;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Only the lines near changes; null stands for lines that are left out. */
export function nearChanges(lines: readonly DiffLine[], context = 3): readonly (DiffLine | null)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind !== "same") for (let beside = index - context; beside <= index + context; beside++) near.add(beside);
  });
  return lines.flatMap((line, index) => {
    if (near.has(index)) return [line];
    return index === 0 || near.has(index - 1) ? [null] : [];
  });
}

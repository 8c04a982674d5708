/** Undo and redo of something that is replaced as a whole. Pure. */
export interface History<Value> {
  readonly past: readonly Value[];
  readonly now: Value;
  readonly future: readonly Value[];
}

const MOST_STEPS = 100;

export function begin<Value>(now: Value): History<Value> {
  return { past: [], now, future: [] };
}

/** A new step; what was undone before is forgotten. */
export function advance<Value>({ past, now }: History<Value>, next: Value): History<Value> {
  return { past: [...past, now].slice(-MOST_STEPS), now: next, future: [] };
}

/** The same step goes on, as while something is dragged or typed. */
export function amend<Value>(history: History<Value>, next: Value): History<Value> {
  return { ...history, now: next };
}

export function undo<Value>(history: History<Value>): History<Value> {
  const { past, now, future } = history;
  const last = past.at(-1);
  return last === undefined ? history : { past: past.slice(0, -1), now: last, future: [now, ...future] };
}

export function redo<Value>(history: History<Value>): History<Value> {
  const { past, now, future } = history;
  const [next, ...rest] = future;
  return next === undefined ? history : { past: [...past, now], now: next, future: rest };
}

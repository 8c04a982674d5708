/** Which of the tiles on the screen stream, and which show a still that is renewed. Pure.
 *
 * A stream costs decoding and drawing at the camera's rate, here and (encoding) in the worker; some dozens at once bring any
 * browser to its knees. A small still every few seconds costs next to nothing, and is told as what it is.
 */

/** Most streams at once, whatever the machine. */
export const MOST_STREAMS = 16;
/** So many are tried on any machine ... */
export const LEAST_STREAMS = 4;
/** ... and so many stay when the page stutters all the same: they hardly cause it. */
export const FEWEST_STREAMS = 2;

/** How many streams this page takes at once, and what it learned from trying. */
export interface Budget {
  readonly streams: number;
  /** What the machine is thought to bear: the budget grows no further than this. */
  readonly most: number;
  /** Looks without stutter since the last change; so many of them let it grow. */
  readonly calm: number;
  readonly patience: number;
}

const PATIENCE = 5;
const MOST_PATIENCE = 80;

/** The budget to begin with. */
export function beginBudget(cores: number): Budget {
  const most = Math.min(MOST_STREAMS, Math.max(LEAST_STREAMS, 3 * cores));
  return { streams: most, most, calm: 0, patience: PATIENCE };
}

/** The tiles that stream now.
 *
 * Who streams and can still be seen goes on streaming, so that scrolling tears down no more than it must; then those higher
 * up on the wall. The one that the reader points at comes first.
 *
 * @param visible in the order of the wall.
 */
export function streaming(
  before: ReadonlySet<string>,
  visible: readonly string[],
  most: number,
  preferred: string | null,
): ReadonlySet<string> {
  const first = visible.filter((id) => id === preferred);
  const staying = visible.filter((id) => before.has(id));
  return new Set([...new Set([...first, ...staying, ...visible])].slice(0, most));
}

/** A slow frame is longer than this, and than what the screen itself takes: some show 30 pictures a second at best. */
const SLOW_MS = 33;
const SLOW_TIMES = 1.6;
const SLOW_SHARE = 0.05;
const LEAST_FRAMES = 40;

/** The next budget after a while of watching frames go by.
 *
 * A page that stutters takes fewer streams. One that is calm for long takes one more: what made it stutter may have been
 * another program. If it stutters again, the next try waits twice as long, so that a wall does not swing to and fro.
 *
 * @param framesMs times between frames.
 * @param streaming how many streams there were.
 */
export function nextBudget(budget: Budget, framesMs: readonly number[], streaming: number): Budget {
  if (framesMs.length < LEAST_FRAMES) return budget;
  if (!stutters(framesMs)) return calmer(budget, streaming);
  if (streaming <= FEWEST_STREAMS) return { ...budget, calm: 0 };
  const fewer = Math.max(FEWEST_STREAMS, Math.floor(budget.streams * 0.75));
  return { ...budget, streams: fewer, calm: 0, patience: Math.min(MOST_PATIENCE, budget.patience * 2) };
}

/** Only a budget that is used up tells that more would be borne. */
function calmer(budget: Budget, streaming: number): Budget {
  if (budget.streams === budget.most || streaming < budget.streams) return budget;
  const calm = budget.calm + 1;
  return calm < budget.patience ? { ...budget, calm } : { ...budget, streams: budget.streams + 1, calm: 0 };
}

function stutters(framesMs: readonly number[]): boolean {
  const screenMs = [...framesMs].sort((a, b) => a - b)[Math.floor(framesMs.length / 10)] ?? 0;
  const slowMs = Math.max(SLOW_MS, SLOW_TIMES * screenMs);
  return framesMs.filter((ms) => ms > slowMs).length / framesMs.length > SLOW_SHARE;
}

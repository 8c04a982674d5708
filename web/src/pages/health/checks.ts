/** What the health page makes of checks: what is shown, in which order, and how it was. Pure. */
import { CHECK_STATES, GROUPS, type CheckChangeOut, type CheckGroup, type CheckOut, type CheckState } from "../../api/health";

export const badness = (state: CheckState) => CHECK_STATES.length - CHECK_STATES.indexOf(state);

/** Needs somebody: everything else is as it should be, or not known yet. */
export const needsSomebody = (state: CheckState) => state === "failed" || state === "warning";

export function worst(checks: readonly CheckOut[]): CheckState {
  return checks.reduce<CheckState>((found, { state }) => (badness(state) > badness(found) ? state : found), "ok");
}

export function counts(checks: readonly CheckOut[]): ReadonlyMap<CheckState, number> {
  const found = new Map<CheckState, number>();
  for (const { state } of checks) found.set(state, (found.get(state) ?? 0) + 1);
  return found;
}

export interface Group {
  readonly group: CheckGroup;
  readonly state: CheckState;
  /** The worst first. */
  readonly checks: readonly CheckOut[];
}

/** Those that match, by group. `nameOf`: how a subject is called, such as a camera. */
export function grouped(checks: readonly CheckOut[], text: string, state: CheckState | "", nameOf: (check: CheckOut) => string): readonly Group[] {
  const wanted = text.trim().toLowerCase();
  const shown = checks.filter(
    (check) => (state === "" || check.state === state) && (wanted === "" || [check.title, check.check_id, check.detail, nameOf(check)].some((part) => part.toLowerCase().includes(wanted))),
  );
  const groups: readonly CheckGroup[] = [...GROUPS, ...new Set(shown.map(({ group }) => group).filter((group) => !GROUPS.includes(group)))];
  return groups.flatMap((group) => {
    const mine = shown.filter((check) => check.group === group).sort((a, b) => badness(b.state) - badness(a.state) || a.title.localeCompare(b.title) || a.subject.localeCompare(b.subject));
    return mine.length === 0 ? [] : [{ group, state: worst(mine), checks: mine }];
  });
}

/** A piece of the history bar; `state` is null while nobody looked. */
export interface Segment {
  readonly state: CheckState | null;
  readonly from: number;
  readonly until: number;
}

/** How a check stood from one time to another, without gaps.
 *
 * @param changes of any order; those before `from` tell how it began.
 */
export function segments(check: Pick<CheckOut, "state" | "since_unix_s">, changes: readonly CheckChangeOut[], from: number, until: number): readonly Segment[] {
  const sorted = [...changes].sort((a, b) => a.at_unix_s - b.at_unix_s);
  // Not known before the first change is not known of before: nobody looked.
  const first = sorted[0]?.before === "unknown" ? null : (sorted[0]?.before ?? null);
  const steps = sorted.length > 0 ? [{ at: -Infinity, state: first }, ...sorted.map(({ at_unix_s, now }) => ({ at: at_unix_s, state: now }))] : [{ at: -Infinity, state: null }, { at: check.since_unix_s, state: check.state }];
  const found: Segment[] = [];
  steps.forEach(({ at, state }, index) => {
    const begin = Math.max(from, at);
    const end = Math.min(until, steps[index + 1]?.at ?? until);
    if (end <= begin) return;
    const last = found.at(-1);
    if (last?.state === state) found.splice(-1, 1, { ...last, until: end });
    else found.push({ state, from: begin, until: end });
  });
  return found;
}

/** The share of time that a check was not failed, of the time that it is known; null when none of it is. */
export function goodShare(bar: readonly Segment[]): number | null {
  const known = bar.filter(({ state }) => state !== null && state !== "unknown");
  const length = (parts: readonly Segment[]) => parts.reduce((sum, { from, until }) => sum + until - from, 0);
  const all = length(known);
  return all === 0 ? null : length(known.filter(({ state }) => state !== "failed")) / all;
}

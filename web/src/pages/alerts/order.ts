/** Which alerts come first, and what was done about them. Pure. */
import { SEVERITIES, type AlertOut, type AlertState, type RecoveryRun } from "../../api/alerts";

const STATES: readonly AlertState[] = ["firing", "error", "no_data", "pending", "resolved"];

/** What fires before what waits, the worst first, then the newest. */
export function ordered(alerts: readonly AlertOut[]): readonly AlertOut[] {
  return [...alerts].sort(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
      b.since_unix_s - a.since_unix_s ||
      a.subject.localeCompare(b.subject),
  );
}

/** The newest run of each alert, by its key. */
export function latestRuns(runs: readonly RecoveryRun[]): ReadonlyMap<string, RecoveryRun> {
  const found = new Map<string, RecoveryRun>();
  for (const run of runs) {
    const key = `${run.rule_id} ${run.about}`;
    const known = found.get(key);
    if (!known || run.started_unix_s > known.started_unix_s) found.set(key, run);
  }
  return found;
}

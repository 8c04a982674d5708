import { expect, it } from "vitest";

import type { AlertOut, RecoveryRun } from "../../api/alerts";
import { latestRuns, ordered } from "./order";

const alert = (subject: string, more: Partial<AlertOut>): AlertOut => ({
  rule_id: "r", subject, name: "R", severity: "warning", state: "firing", since_unix_s: 1, active_unix_s: 1, camera_id: "", worker_id: "", fired_unix_s: null, value: null,
  detail: "", acknowledged_by: "", acknowledged_unix_s: null, silenced_by: "", inhibited_by: "", labels: {}, ...more,
});
const run = (started_unix_s: number, more: Partial<RecoveryRun> = {}): RecoveryRun => ({
  run_id: String(started_unix_s), rule_id: "r", about: "door", subject: "door", action: "restart_stream", active_unix_s: null, started_unix_s, ended_unix_s: null, outcome: "running",
  attempt: 1, code: "", detail: "", ...more,
});

it("puts what fires first, then the worst, then the newest", () => {
  const alerts = [alert("pending", { state: "pending", severity: "critical" }), alert("old", { since_unix_s: 1 }), alert("new", { since_unix_s: 9 }), alert("bad", { severity: "critical" }), alert("error", { state: "error" })];
  expect(ordered(alerts).map(({ subject }) => subject)).toEqual(["bad", "new", "old", "error", "pending"]);
});

it("knows the newest run of each alert", () => {
  expect([...latestRuns([run(5), run(9), run(1, { about: "yard" })])].map(([key, { started_unix_s }]) => [key, started_unix_s])).toEqual([["r door", 9], ["r yard", 1]]);
});

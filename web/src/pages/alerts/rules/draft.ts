/** A rule while it is being written. Pure. */
import type { ConditionSpec, RecoverySpec, RuleSpec } from "../../../api/alerts";

export const rulePath = (id: string) => `/api/v1/alert-rules/${encodeURIComponent(id)}`;
export const ALL_CHANNELS = "*";

const CONDITION: ConditionSpec = {
  kind: "metric", metric: "popcam_camera_fps", aggregate: "mean", window_s: 30, compare: "<", threshold: 5, clear_threshold: null, check: "", warnings: false, event: null, label: "", place: "",
  security: [], at_least: 1,
};

export const NEW_RULE: RuleSpec = {
  name: "", enabled: true, condition: CONDITION, for_s: 30, keep_firing_for_s: 0, severity: "warning", no_data: "no_data", labels: {}, cameras: [], groups: [], schedule: null,
  channels: [ALL_CHANNELS], recovery: [], summary: "",
};

export const NEW_RECOVERY: RecoverySpec = { action: "restart_stream", target: "", after_s: 0, max_runs: 3, window_s: 3_600, backoff_s: 10, verify_s: 20 };

/** Only what its kind looks at, the rest as it is by default: what was typed for another kind is not kept for nobody to see. */
function condition(draft: ConditionSpec): ConditionSpec {
  const { kind, metric, aggregate, window_s, compare, threshold, clear_threshold, check, warnings, event, label, place, security, at_least } = draft;
  const base = { ...CONDITION, kind, metric: "", threshold: 0, compare: ">", window_s: 30 } as const;
  switch (kind) {
    case "metric":
      return { ...base, metric, aggregate, window_s, compare, threshold, clear_threshold };
    case "check":
      return { ...base, check, warnings };
    case "event":
      return { ...base, window_s, event, label: label.trim(), place: place.trim(), at_least };
    case "security":
      return { ...base, window_s, security, at_least };
  }
}

/** What the server is sent. */
export function clean(draft: RuleSpec): RuleSpec {
  const needsTarget = ({ action }: RecoverySpec) => action === "webhook" || action === "command";
  const recovery = draft.recovery.map((one) => (needsTarget(one) ? { ...one, target: one.target.trim() } : { ...one, target: "" }));
  return { ...draft, name: draft.name.trim(), summary: draft.summary.trim(), condition: condition(draft.condition), recovery };
}

export const same = (a: RuleSpec, b: RuleSpec) => JSON.stringify(clean(a)) === JSON.stringify(clean(b));

/** Labels as lines of `name=value`; what is no such line is left out. */
export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    return at > 0 && name !== "" ? [[name, line.slice(at + 1).trim()] as const] : [];
  });
  return Object.fromEntries(pairs);
}

export const linesOf = (labels: Readonly<Record<string, string>>) => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join("\n");

/** A ratio is typed in percent; other figures as they are. */
export const isShare = (unit: string) => unit === "ratio";
/** Without the dust that a division by a hundred leaves. */
export const rounded = (value: number) => Number(value.toPrecision(12));

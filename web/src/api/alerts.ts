/** Alerts, their rules, who is told of them, and what was done about them. */
import type { Failure } from "../i18n/failure";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type AlertState = "pending" | "firing" | "resolved" | "no_data" | "error";

export interface AlertOut {
  readonly rule_id: string;
  /** A camera, worker, disk ...; empty for all of popcam. */
  readonly subject: string;
  readonly name: string;
  readonly severity: Severity;
  readonly state: AlertState;
  readonly since_unix_s: number;
  readonly active_unix_s: number;
  readonly camera_id: string;
  readonly worker_id: string;
  readonly fired_unix_s: number | null;
  readonly value: number | null;
  /** In the language that was asked for; news of the WebSocket bring both. */
  readonly detail: string;
  readonly detail_zh?: string;
  readonly name_zh?: string;
  readonly acknowledged_by: string;
  readonly acknowledged_unix_s: number | null;
  /** Id of the silence that keeps it quiet. */
  readonly silenced_by: string;
  /** `rule:subject` of the alert that explains this one. */
  readonly inhibited_by: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An alert went from one state to another; from a state to itself when somebody acknowledged it. */
export interface AlertChangeOut {
  readonly change_id: number;
  readonly rule_id: string;
  readonly subject: string;
  readonly name: string;
  readonly camera_id: string;
  readonly severity: Severity;
  readonly at_unix_s: number;
  readonly before: AlertState | "none";
  readonly now: AlertState;
  readonly value: number | null;
  readonly detail: string;
  readonly acknowledged_by: string;
}

export interface Items<Item> {
  readonly items: readonly Item[];
}

export interface Paged<Item> extends Items<Item> {
  readonly next_cursor: string | null;
}

export const CONDITION_KINDS = ["metric", "check", "event", "security"] as const;
export const AGGREGATES = ["last", "mean", "min", "max", "p95", "increase", "rate"] as const;
export const COMPARISONS = [">", ">=", "<", "<=", "==", "!="] as const;
export const EVENT_NAMES = ["face_appeared", "face_left", "motion_started", "motion_ended", "zone_entered", "zone_left", "line_crossed"] as const;
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const RECOVERIES = ["restart_stream", "restart_camera", "move_camera", "restart_worker", "use_sub_stream", "webhook", "onvif_reboot", "command"] as const;
export const NO_DATA = ["no_data", "ok", "firing"] as const;

export interface ConditionSpec {
  readonly kind: (typeof CONDITION_KINDS)[number];
  readonly metric: string;
  readonly aggregate: (typeof AGGREGATES)[number];
  readonly window_s: number;
  readonly compare: (typeof COMPARISONS)[number];
  readonly threshold: number;
  readonly clear_threshold: number | null;
  readonly check: string;
  readonly warnings: boolean;
  readonly event: (typeof EVENT_NAMES)[number] | null;
  readonly label: string;
  readonly place: string;
  readonly security: readonly string[];
  readonly at_least: number;
}

export interface ScheduleSpec {
  readonly days: readonly (typeof WEEKDAYS)[number][];
  readonly begin: string;
  readonly end: string;
}

export interface RecoverySpec {
  readonly action: (typeof RECOVERIES)[number];
  readonly target: string;
  readonly after_s: number;
  readonly max_runs: number;
  readonly window_s: number;
  readonly backoff_s: number;
  readonly verify_s: number;
}

export interface RuleSpec {
  readonly name: string;
  readonly enabled: boolean;
  readonly condition: ConditionSpec;
  readonly for_s: number;
  readonly keep_firing_for_s: number;
  readonly severity: Severity;
  readonly no_data: (typeof NO_DATA)[number];
  readonly labels: Readonly<Record<string, string>>;
  readonly cameras: readonly string[];
  readonly groups: readonly string[];
  readonly schedule: ScheduleSpec | null;
  /** `*` stands for all. */
  readonly channels: readonly string[];
  readonly recovery: readonly RecoverySpec[];
  readonly summary: string;
}

export type Origin = "builtin" | "file" | "console";

export interface Rule {
  readonly id: string;
  /** A built-in rule's is in the reader's language. */
  readonly name: string;
  readonly origin: Origin;
  /** There is a built-in rule of this id: deleting brings it back as it was. */
  readonly builtin: boolean;
  readonly version: string;
  readonly changed_unix_s: number | null;
  readonly changed_by: string;
  /** The condition as a sentence. */
  readonly condition_text: string;
  /** Why it can't work. */
  readonly problems: readonly string[];
  readonly pending: number;
  readonly firing: number;
  readonly spec: RuleSpec;
}

/** One time that a rule would have fired. */
export interface Episode {
  readonly subject: string;
  readonly camera_id: string;
  readonly active_unix_s: number;
  readonly fired_unix_s: number;
  readonly ended_unix_s: number | null;
  readonly value: number | null;
}

/** What a rule would have done. */
export interface Tried {
  readonly since_unix_s: number;
  readonly until_unix_s: number;
  readonly fired: number;
  readonly subjects: number;
  /** False where there was more than is looked at in one try. */
  readonly complete: boolean;
  readonly summary: string;
  /** The newest first. */
  readonly episodes: readonly Episode[];
}

/** Chooses alerts by one label: `rule`, `subject`, `camera`, `worker`, `severity`, or one of rules. */
export interface Matcher {
  readonly label: string;
  /** `*` stands for any letters. */
  readonly value: string;
  /** Everything but this. */
  readonly negate: boolean;
}

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly author: string;
  readonly reason: string;
  readonly begins_unix_s: number;
  readonly ends_unix_s: number;
  readonly state: "waiting" | "in_force" | "ended";
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly origin: Origin;
  readonly enabled: boolean;
  readonly language: "en" | "zh";
  readonly min_severity: Severity;
  readonly picture: boolean;
  readonly clip: boolean;
  readonly clip_max_mb: number;
  readonly resolved: boolean;
  /** What the service calls itself; the address itself is never shown again. */
  readonly service: string;
  readonly takes_pictures: boolean;
  readonly takes_clips: boolean;
  /** Ids of the rules that name it; those that name all are left out. */
  readonly used_by: readonly string[];
  /** Why nothing can be sent. */
  readonly problem: Failure | null;
  readonly version: string;
}

/** One message to one channel. `dead`: it was given up. */
export interface Delivery {
  readonly id: number;
  readonly channel_id: string;
  readonly state: "waiting" | "sending" | "sent" | "dead";
  readonly title: string;
  readonly made_unix_s: number;
  readonly due_unix_s: number;
  readonly ended_unix_s: number | null;
  readonly attempts: number;
  readonly maybe_repeated: boolean;
  /** Why the last try failed. */
  readonly problem: Failure | null;
  readonly alert_count: number;
}

export interface DeliveryPage extends Paged<Delivery> {
  readonly counts: Readonly<Record<Delivery["state"], number>>;
}

/** One try to mend something, or a note that nothing was done and why. */
export interface RecoveryRun {
  readonly run_id: string;
  /** `manual` for a person. */
  readonly rule_id: string;
  /** What the alert is about. */
  readonly about: string;
  readonly action: RecoverySpec["action"];
  /** The camera or worker that was acted on. */
  readonly subject: string;
  readonly active_unix_s: number | null;
  readonly started_unix_s: number;
  readonly ended_unix_s: number | null;
  readonly outcome: "running" | "recovered" | "not_recovered" | "failed" | "budget_spent" | "resting" | "off";
  readonly attempt: number;
  readonly code: string;
  readonly detail: string;
}

export interface RecoveryPage extends Paged<RecoveryRun> {
  /** Mean time from the fault to its recovery (MTTR) over thirty days, by camera or worker. */
  readonly mean_recovery_s: Readonly<Record<string, number>>;
}

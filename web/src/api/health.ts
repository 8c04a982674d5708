/** Checks: what is looked at, how it stands, and how it stood before. */

export const CHECK_STATES = ["failed", "warning", "unknown", "absent", "ok"] as const;
/** From the worst to the best. `absent`: there is nothing to look at, such as no GPU. */
export type CheckState = (typeof CHECK_STATES)[number];

/** In the order of the page. */
export const GROUPS = ["server", "storage", "workers", "cameras", "engines", "machine", "network", "security", "settings"] as const;
export type CheckGroup = (typeof GROUPS)[number];

/** Texts come in the language that was asked for. */
export interface CheckOut {
  readonly check_id: string;
  readonly name: string;
  /** Camera, worker, disk ... where there are several. */
  readonly subject: string;
  readonly group: CheckGroup;
  readonly title: string;
  readonly about: string;
  readonly severity: "info" | "warning" | "critical";
  readonly state: CheckState;
  readonly detail: string;
  readonly code: string;
  readonly remedy: string;
  readonly since_unix_s: number;
  /** 0 for never. */
  readonly checked_unix_s: number;
  readonly took_s: number;
  readonly every_s: number;
  /** The server can't do its work while it fails. */
  readonly ready: boolean;
}

export interface HealthOut {
  readonly state: CheckState;
  readonly checks: readonly CheckOut[];
}

export interface CheckChangeOut {
  readonly at_unix_s: number;
  readonly before: CheckState;
  readonly now: CheckState;
  readonly code: string;
  readonly detail: string;
}

/** A change of any check, with what it is about. */
export interface HealthChangeOut extends CheckChangeOut {
  readonly change_id: number;
  readonly check_id: string;
  readonly subject: string;
  readonly group: CheckGroup;
  /** Empty for what is about no camera. */
  readonly camera_id: string;
  readonly title: string;
}

export interface HealthChanges {
  readonly items: readonly HealthChangeOut[];
  readonly next_cursor: string | null;
}

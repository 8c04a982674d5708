/** Who may do what, and what was done: the server's words for accounts, sessions, tokens, audit log and security. */

export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];
export type Permission = "self" | "view" | "operate" | "manage" | "admin";

/** The cameras that somebody is limited to; both null for all of them. */
export interface ScopeSpec {
  readonly cameras: readonly string[] | null;
  readonly groups: readonly string[] | null;
}

export interface User extends ScopeSpec {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** A second factor is asked for. */
  readonly totp: boolean;
  readonly disabled: boolean;
  readonly created_unix_s: number;
  readonly last_login_unix_s: number | null;
  /** False for one that signs in at an identity provider alone. */
  readonly has_password: boolean;
  /** How many are left. */
  readonly recovery_codes: number;
}

/** Incident mode. */
export interface Lockdown {
  readonly active: boolean;
  readonly reason: string;
  readonly since_unix_s: number | null;
  readonly by: string;
}

/** A browser that is signed in. */
export interface Session {
  readonly id: string;
  readonly created_unix_s: number;
  readonly seen_unix_s: number;
  readonly expires_unix_s: number;
  readonly address: string;
  readonly agent: string;
  /** The one that asks. */
  readonly current: boolean;
}

/** A machine's way in. */
export interface ApiToken extends ScopeSpec {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_unix_s: number;
  readonly expires_unix_s: number | null;
  readonly used_unix_s: number | null;
  readonly used_address: string;
  readonly paused: boolean;
}

/** `token` is told this once. */
export interface NewToken extends ApiToken {
  readonly token: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
}

/** What an authenticator app has to be given. */
export interface Enrolment {
  readonly secret: string;
  readonly uri: string;
  readonly qr_svg: string;
}

export interface Me {
  readonly login_required: boolean;
  /** There is no account yet. */
  readonly setup_needed: boolean;
  readonly known: boolean;
  readonly user: User | null;
  readonly permissions: readonly Permission[];
  readonly lockdown: Lockdown | null;
  /** OpenID Connect is offered. */
  readonly oidc?: boolean;
}

export const RESULTS = ["ok", "refused", "failed"] as const;

/** One thing that was done, or refused. */
export interface AuditEntry {
  readonly seq: number;
  readonly unix_s: number;
  readonly action: string;
  readonly result: (typeof RESULTS)[number];
  readonly who: {
    readonly name: string;
    readonly user_id: string;
    readonly via: string;
    readonly role: Role | null;
    readonly credential_id: string;
    readonly address: string;
  };
  /** What it was done to, such as `camera:front`. */
  readonly on: string;
  readonly detail: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly request_id: string;
  readonly prev: string;
  readonly hash: string;
}

export interface AuditPage extends Page<AuditEntry> {
  readonly next_cursor: string | null;
}

/** What a verification of the audit log found. */
export interface AuditReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly signed_until: number;
  readonly key_id: string;
  readonly broken: { readonly kind: string; readonly seq: number; readonly message: string } | null;
}

export interface SecurityEvent {
  readonly event_id: number;
  readonly kind: string;
  readonly severity: "info" | "warning" | "critical";
  readonly title: string;
  readonly first_unix_s: number;
  readonly last_unix_s: number;
  readonly count: number;
  readonly address: string;
  readonly account: string;
  readonly path: string;
  readonly detail: string;
}

/** An address that is shut out for a while. */
export interface Block {
  readonly address: string;
  readonly since_unix_s: number;
  readonly until_unix_s: number;
  readonly earlier_blocks: number;
  readonly reason: string;
}

export interface LockdownState {
  readonly on: boolean;
  readonly since_unix_s: number | null;
  readonly by: string;
  readonly reason: string;
  readonly sessions_ended: number;
  readonly tokens_paused: number;
  readonly outputs_stopped: readonly string[];
}

export interface SecurityState extends Exposure {
  readonly lockdown: LockdownState;
  readonly blocks: readonly Block[];
  readonly events: readonly SecurityEvent[];
}

/** One thing that listens. */
export interface OpenPort {
  readonly name: string;
  readonly transport: "tcp" | "udp" | "ipc";
  readonly address: string;
  readonly port: number | null;
  readonly reach: "user" | "machine" | "network";
  readonly protected_by: string;
  readonly exposes: string;
}

export interface Finding {
  readonly code: string;
  readonly severity: "ok" | "warning" | "danger";
  /** File or setting that it is about. */
  readonly on: string;
  readonly what: string;
  /** Empty when nothing is to be done. */
  readonly fix: string;
}

/** What can be reached, by whom, and what stands in between. */
export interface Exposure {
  readonly ports: readonly OpenPort[];
  readonly findings: readonly Finding[];
}

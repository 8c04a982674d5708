/** Lines of the logs of all processes. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "critical"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogLine {
  readonly time: string;
  readonly time_unix_s: number;
  readonly level: LogLevel;
  readonly process: string;
  readonly camera_id: string;
  readonly request_id: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface LogPage {
  /** The newest first. */
  readonly items: readonly LogLine[];
  /** For the next page; a page may be empty and have a next one. */
  readonly next_before: number | null;
  readonly processes: readonly string[];
}

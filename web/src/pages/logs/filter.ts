/** Which lines a reader wants to see, and how the address says so. Pure. */
import { LOG_LEVELS, type LogLevel } from "../../api/logs";

export interface LogFilter {
  /** This level or a worse one. */
  readonly level: LogLevel;
  readonly camera: string;
  readonly process: string;
  readonly request: string;
  readonly text: string;
}

/** What libraries say to themselves is not shown unless somebody asks. */
export const USUAL: LogFilter = { level: "info", camera: "", process: "", request: "", text: "" };

export function filterOf(query: Readonly<Record<string, unknown>>): LogFilter {
  const text = (name: string) => (typeof query[name] === "string" ? query[name] : "");
  return {
    level: LOG_LEVELS.find((level) => level === text("level")) ?? USUAL.level,
    camera: text("camera"),
    process: text("process"),
    request: text("request"),
    text: text("text"),
  };
}

/** What of the filter stands in the address: only what differs from the usual. */
export function queryOf(filter: LogFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([name, value]) => value !== USUAL[name as keyof LogFilter]));
}

export const isUsual = (filter: LogFilter) => Object.keys(queryOf(filter)).length === 0;

/** What the server is asked, without page and time. */
export function parametersOf(filter: LogFilter): URLSearchParams {
  const asked = { level: filter.level, camera_id: filter.camera, process: filter.process, request_id: filter.request, text: filter.text.trim() };
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
}

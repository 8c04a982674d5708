/** Requests to the server. Every failure is an `ApiError`; the reader's language goes along by itself. */
import { i18n } from "../i18n";
import type { Problem } from "./types";

/** A request that the server refused (`problem` is what it said), or that never got an answer of ours: `code` is then
 * `network` (nobody answered), `timeout`, `aborted` (we gave up ourselves) or `http` (an answer that is not popcam's). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    readonly status: number,
    title: string,
    readonly hint: string,
    readonly detail = "",
    readonly requestId = "",
    readonly problem: Partial<Problem> = {},
    /** After how many seconds it may be tried again, where the server says so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(title);
  }

  get title(): string {
    return this.message;
  }
}

export type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export interface Versioned<Body> {
  readonly body: Body;
  /** Version of what was read or written, for `If-Match`; null when the answer names none. */
  readonly etag: string | null;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface SendOptions extends ReadOptions {
  /** Only change the version that was read: else the server answers 412, with what changed. */
  readonly etag?: string | null | undefined;
}

const TIMEOUT_MS = 10_000;

/** Goes with every change: pages of other sites can't send it, so the server knows that the console asks. */
export const FROM_CONSOLE: Readonly<Record<string, string>> = { "X-Popcam-Csrf": "1" };

/** The server knows nobody (any more) who asks: the session has ended. */
export const LOGIN_NEEDED = "access.login_needed";

let tellSignedOut: () => void = () => undefined;

/** Call this when a request was refused because nobody is signed in. */
export function onLoginNeeded(run: () => void): void {
  tellSignedOut = run;
}

/** Read a JSON resource.
 *
 * @throws ApiError
 */
export async function getJson<Body>(path: string, options: ReadOptions = {}): Promise<Body> {
  return (await request<Body>("GET", path, undefined, options)).body;
}

/** Read a JSON resource together with its version.
 *
 * @throws ApiError
 */
export function getVersioned<Body>(path: string, options: ReadOptions = {}): Promise<Versioned<Body>> {
  return request<Body>("GET", path, undefined, options);
}

/** Change something. An answer without content has the body `undefined`.
 *
 * @throws ApiError
 */
export function sendJson<Body>(method: Method, path: string, body?: unknown, options: SendOptions = {}): Promise<Versioned<Body>> {
  return request<Body>(method, path, body, options);
}

async function request<Body>(method: string, path: string, body: unknown, options: SendOptions): Promise<Versioned<Body>> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": i18n.global.locale.value };
  if (method !== "GET") Object.assign(headers, FROM_CONSOLE);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (options.etag) headers["If-Match"] = options.etag;
  const { signal, release } = limited(options);
  try {
    const answer = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal });
    if (!answer.ok) throw await problemOf(answer);
    const text = await answer.text();
    return { body: (text === "" ? undefined : JSON.parse(text)) as Body, etag: answer.headers.get("ETag") };
  } catch (error) {
    throw error instanceof ApiError ? error : noAnswer(error, options.signal);
  } finally {
    release();
  }
}

/** A signal that ends with the given one, or when the time is up. (`AbortSignal.any` is younger than the browsers we serve.) */
function limited({ signal: given, timeoutMs = TIMEOUT_MS }: ReadOptions): { signal: AbortSignal; release: () => void } {
  const ending = new AbortController();
  const giveUp = () => ending.abort(given?.reason);
  const timer = setTimeout(() => ending.abort(new DOMException(`no answer within ${String(timeoutMs)} ms`, "TimeoutError")), timeoutMs);
  if (given?.aborted) giveUp();
  given?.addEventListener("abort", giveUp);
  return {
    signal: ending.signal,
    release: () => {
      clearTimeout(timer);
      given?.removeEventListener("abort", giveUp);
    },
  };
}

/** Why there is no answer that could be read. */
function noAnswer(error: unknown, given: AbortSignal | undefined): ApiError {
  const told = String(error);
  if (given?.aborted) return new ApiError("aborted", 0, told, "");
  if (error instanceof DOMException && error.name === "TimeoutError") return new ApiError("timeout", 0, told, "");
  if (error instanceof SyntaxError) return new ApiError("http", 0, told, "");
  return new ApiError("network", 0, told, "");
}

/** What a refused request says about itself. */
export async function problemOf(answer: Response): Promise<ApiError> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  const requestId = problem.request_id ?? answer.headers.get("X-Request-ID") ?? "";
  const told = `HTTP ${String(answer.status)} ${answer.statusText}`.trimEnd();
  const { code = "http", title = told, hint = "", detail = code === "http" ? told : "" } = problem;
  if (code === LOGIN_NEEDED) tellSignedOut();
  return new ApiError(code, answer.status, title, hint, detail, requestId, problem, secondsOf(answer.headers.get("Retry-After")));
}

/** `Retry-After` in seconds; its other form, a date, is not what popcam sends. */
function secondsOf(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) : null;
}

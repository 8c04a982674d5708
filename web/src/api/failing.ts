import type { Failure } from "../i18n/failure";
import { ApiError } from "./client";

/** What went wrong, as pages show it; null when it was given up on purpose. An `ApiError` is returned itself, with all that
 * the server said. Anything else is a fault of this page: it is also put on the browser's console. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof ApiError) return error.code === "aborted" ? null : error;
  console.error(error);
  return new ApiError("unexpected", 0, "", "", String(error));
}

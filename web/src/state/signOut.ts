import { ApiError, sendJson } from "../api/client";
import { failureOf } from "../api/failing";
import { notifyFailure } from "../ui/feedback";

/** End the session. The page then begins anew: nothing that this reader saw stays in it for the next one. */
export async function signOut(): Promise<void> {
  try {
    const { body } = await sendJson<{ readonly redirect?: string } | undefined>("POST", "/api/v1/auth/logout");
    location.assign(body?.redirect ?? "/login?out=1");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) location.assign("/login?out=1");
    const failure = failureOf(error);
    if (failure) notifyFailure(failure);
  }
}

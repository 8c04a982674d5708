import { i18n } from "../../../i18n";
import { ApiError, problemOf } from "../../../api/client";
import { saveAs } from "../saving";

const TIMEOUT_MS = 15_000;

/** Ask the camera for its newest picture, as every output shows it, and keep it as a file.
 *
 * @throws ApiError
 */
export async function saveSnapshot(cameraId: string): Promise<void> {
  const answer = await fetch(`/api/v1/cameras/${encodeURIComponent(cameraId)}/preview`, {
    headers: { "Accept-Language": i18n.global.locale.value },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new ApiError("network", 0, String(error), "");
  });
  if (!answer.ok) throw await problemOf(answer);
  const captured = new Date(Number(answer.headers.get("X-Captured-Unix-S") ?? Date.now() / 1000) * 1000);
  saveAs(await answer.blob(), `${cameraId}_${captured.toISOString().replace(/[:.]/g, "-")}.jpg`);
}

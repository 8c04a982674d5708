import { onScopeDispose, ref, shallowRef } from "vue";

import { ApiError, getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { HappenedEvent, Recording, RecordingPage } from "../../api/types";
import type { Failure } from "../../i18n/failure";

/** The recording that shows an event, when there is one. */
export function useMoment(event: HappenedEvent) {
  const recording = shallowRef<Recording | null>(null);
  const looking = ref(true);
  const failure = shallowRef<Failure | null>(null);
  const leaving = new AbortController();

  async function look(): Promise<void> {
    const at = event.started_unix_s;
    const parameters = new URLSearchParams({ camera_id: event.camera_id, since: String(at), until: String(at + 1), limit: "1" });
    try {
      const page = await getJson<RecordingPage>(`/api/v1/recordings?${parameters.toString()}`, { signal: leaving.signal });
      recording.value = page.items[0] ?? null;
    } catch (error) {
      // A deleted camera that never recorded is unknown to the server: it has no recording of this.
      const unknown = error instanceof ApiError && error.code === "camera.not_found";
      if (!unknown) failure.value = failureOf(error);
    } finally {
      looking.value = false;
    }
  }

  void look();
  onScopeDispose(() => leaving.abort());
  return { recording, looking, failure };
}

/** How a camera takes new settings, as its reader is told. Pure. */
import type { CameraStatus } from "../../../api/types";
import type { Effect } from "../../../components/form/schema";

/** - `none`: nothing to wait for. - `waiting`: it has not run with them yet. - `back`: it has. */
export type Settling = "none" | "waiting" | "back" | "stopped" | "failed";

/** Where it stands some time after saving.
 *
 * @param savedS seconds since saving. A running camera reports about once a second, so one that still says `running`
 *     right after saving may speak of its old settings.
 */
export function settlingOf(effect: Effect, wanted: boolean, status: CameraStatus, savedS: number): Settling {
  if (effect === "none" || effect === "restart") return "none";
  if (!wanted && !status.running) return "stopped";
  if (savedS < SETTLES_S) return "waiting";
  if (status.state === "running" || status.state === "idle" || status.state === "ended") return "back";
  return status.last_error ? "failed" : "waiting";
}

export const SETTLES_S = 2;

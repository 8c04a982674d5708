import type { WordKey } from "../../i18n/words";
import type { SavedSettings } from "./types";

/** What a save led to, in one sentence after another. */
export function savedWords(saved: SavedSettings, t: (key: WordKey, values?: Record<string, unknown>) => string): string {
  const cameras = [...saved.cameras.added, ...saved.cameras.removed, ...saved.cameras.changed];
  return [
    t("settings.saved"),
    saved.applied.length > 0 ? t("settings.savedApplied", { keys: saved.applied.join(", ") }) : "",
    cameras.length > 0 ? t("settings.savedCameras", { ids: cameras.join(", ") }) : "",
    saved.cameras.kept.length > 0 ? t("settings.savedKept", { ids: saved.cameras.kept.join(", ") }) : "",
    saved.needs_restart.length > 0 ? t("settings.savedWaits", { keys: saved.needs_restart.join(", ") }) : "",
  ]
    .filter(Boolean)
    .join(" ");
}

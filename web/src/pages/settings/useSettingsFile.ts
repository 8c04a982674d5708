/** How the settings file stands, for every page that shows it. Asked for again and again, because it is edited by hand. */
import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { Failure } from "../../i18n/failure";
import { link } from "../../state/store";
import type { SettingsFile } from "./types";

const EVERY_MS = 4_000;
const file = shallowRef<SettingsFile | null>(null);
/** Why the newest question has no answer. */
export const fileFailure = shallowRef<Failure | null>(null);
let users = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Ask now: something was saved, or a page opened. */
export async function askSettingsFile(): Promise<void> {
  clearTimeout(timer);
  try {
    // Nobody looks, or nobody answers (the shell says so): the next question is soon enough.
    if (document.visibilityState === "visible" && link.value !== "offline") file.value = await getJson<SettingsFile>("/api/v1/settings/state");
    fileFailure.value = null;
  } catch (error) {
    fileFailure.value = failureOf(error); // what was known stays; the next question may be answered
  }
  if (users > 0) {
    clearTimeout(timer);
    timer = setTimeout(() => void askSettingsFile(), EVERY_MS);
  }
}

/** The state, kept up to date as long as the part that asks for it lives. */
export function useSettingsFile() {
  users += 1;
  if (users === 1) void askSettingsFile();
  onScopeDispose(() => {
    users -= 1;
    if (users === 0) clearTimeout(timer);
  });
  return file as Readonly<ShallowRef<SettingsFile | null>>;
}

/** An answer of the server that told the state on the way. */
export function knowSettingsFile(now: SettingsFile): void {
  file.value = now;
}

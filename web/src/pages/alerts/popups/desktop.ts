/** Notices of the browser itself, for readers who look at something else. */
import { ref } from "vue";

import type { AlertOut } from "../../../api/alerts";
import { i18n, word } from "../../../i18n";
import { detailOf, nameOf, subjectOf } from "../words";
import { router } from "../../../router";
import { isQuiet, keyOf } from "../../../state/alerts";
import { remember, rememberedChoice } from "../../../state/choices";
import { cameraOf } from "../../../state/store";

type Permission = NotificationPermission | "missing";
const STORED_AS = "popcam.desktop";

/** Browsers offer them on HTTPS and on this machine alone. */
const offered = () => isSecureContext && "Notification" in globalThis;
/** What the browser allows. */
export const allowed = ref<Permission>(offered() ? Notification.permission : "missing");
/** What the reader wants. */
export const wanted = ref(rememberedChoice(STORED_AS, ["on", "off"]) === "on");

/** Turn them on or off; the browser asks the first time. */
export async function want(on: boolean): Promise<void> {
  if (on && offered()) allowed.value = await Notification.requestPermission();
  wanted.value = on && allowed.value === "granted";
  remember(STORED_AS, wanted.value ? "on" : "off");
}

/** Tell of an alert outside the page, unless somebody is looking at it. */
export function tellDesktop(alert: AlertOut): void {
  if (!wanted.value || allowed.value !== "granted" || isQuiet(alert) || document.hasFocus()) return;
  const language = i18n.global.locale.value;
  const title = [nameOf(alert, language), subjectOf(alert, (id) => cameraOf(id)?.name)].filter((part) => part !== "").join(" · ");
  const notice = new Notification(title, { body: detailOf(alert, language) || word("alerts.state.firing"), tag: keyOf(alert), requireInteraction: alert.severity === "critical" });
  notice.onclick = () => {
    window.focus();
    notice.close();
    void router.push(alert.camera_id ? { name: "camera", params: { id: alert.camera_id } } : { name: "alerts" });
  };
}

/** How alerts are called and shown. */
import type { AlertOut, Severity } from "../../api/alerts";
import type { IconName } from "../../components/icons";
import { i18n, word } from "../../i18n";
import type { LanguageCode } from "../../i18n/language";
import type { WordKey } from "../../i18n/words";

export const TONE: Readonly<Record<Severity, "bad" | "busy" | "quiet">> = { critical: "bad", warning: "busy", info: "quiet" };
export const SIGN: Readonly<Record<Severity, IconName>> = { critical: "siren", warning: "warning", info: "bell" };

type Told = Pick<AlertOut, "name" | "name_zh" | "detail" | "detail_zh">;

/** News of the WebSocket are the same for readers of all languages and hold both; answers are in the reader's. */
export const nameOf = (alert: Told, language: LanguageCode) => (language === "zh" && alert.name_zh ? alert.name_zh : alert.name);
export const detailOf = (alert: Told, language: LanguageCode) => (language === "zh" && alert.detail_zh ? alert.detail_zh : alert.detail);

/** What an alert is about, as people call it. */
export function subjectOf(about: Pick<AlertOut, "subject" | "camera_id">, cameraName: (id: string) => string | undefined): string {
  return about.camera_id ? (cameraName(about.camera_id) ?? about.camera_id) : about.subject;
}

/** How a rule is called where only its id is known: those that are there from the start have a name. */
export function ruleTitle(ruleId: string): string {
  const key = `alerts.builtin.${ruleId}`;
  return i18n.global.te(key) || i18n.global.te(key, "en") ? word(key as WordKey) : ruleId;
}

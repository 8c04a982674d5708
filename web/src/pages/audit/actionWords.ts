import { useWords } from "../../i18n";

/** Areas that entries are filtered by: what stands before the dot of their actions. */
export const AREAS = ["user", "session", "token", "camera", "live", "recording", "job", "settings", "security", "audit", "secret", "alert", "alert_rule", "alert_channel", "silence", "recovery"] as const;

/** Says an action such as `camera.start` in the reader's words; a part that is newer than this page stays as it is. */
export function useActionWords(): (action: string) => string {
  const { t, known, locale } = useWords();
  const one = (key: string, raw: string) => (known(key) ? t(key) : raw);
  return (action) => {
    const [area = "", ...verbs] = action.split(".");
    const verb = verbs.join(".");
    const words = [one(`audit.area.${area}`, area), one(`audit.verb.${verb}`, verb.replaceAll("_", " "))].filter((word) => word !== "");
    return words.join(locale.value === "zh" ? "：" : ": ");
  };
}

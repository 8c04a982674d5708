/** What a recovery run says of itself, in the reader's language: the server writes it in English. */
import { useWords } from "../../../i18n";
import { wordsOfFailure } from "../../../i18n/failure";
import type { WordKey } from "../../../i18n/words";
import type { RecoveryRun } from "../../../api/alerts";

type Done = "streamOpened" | "cameraRestarted" | "moved" | "workerRestarted" | "subStream" | "mainStream" | "answered" | "rebooting" | "cutOff" | "askedBy";

const PHRASES: readonly (readonly [RegExp, Done])[] = [
  [/^stream opened again$/, "streamOpened"],
  [/^camera restarted$/, "cameraRestarted"],
  [/^moved to worker (.+)$/, "moved"],
  [/^worker (.+) restarted$/, "workerRestarted"],
  [/^switched to the sub stream$/, "subStream"],
  [/^switched back to the main stream$/, "mainStream"],
  [/^answered with (.+)$/, "answered"],
  [/^the camera said that it starts anew$/, "rebooting"],
  [/^popcam ended before the outcome was known$/, "cutOff"],
  [/^asked for by (.+)$/, "askedBy"],
];

/** Which of the known phrases a text is, and what it names; null for any other. */
export function phraseOf(text: string): { readonly done: Done; readonly name: string } | null {
  for (const [pattern, done] of PHRASES) {
    const found = pattern.exec(text);
    if (found) return { done, name: found[1] ?? "" };
  }
  return null;
}

export function useRunDetail(): (run: Pick<RecoveryRun, "code" | "detail">) => string {
  const { t, locale } = useWords();
  const said = (text: string) => {
    const phrase = phraseOf(text);
    return phrase ? t(`alerts.recovery.done.${phrase.done}` satisfies WordKey, { name: phrase.name }) : text;
  };
  return ({ code, detail }) => {
    const parts = detail.split("; ").filter((part) => part !== "").map(said);
    // Why it failed is named in the reader's language; what else the server knows of it stands behind.
    const title = code === "" ? "" : wordsOfFailure(code, locale.value, { title: "", hint: "" }).title;
    return [title, ...parts].filter((part) => part !== "").join(" · ");
  };
}

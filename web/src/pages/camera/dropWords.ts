/** Why pictures were dropped, in words. */
import { useWords } from "../../i18n";

/** A camera's own reason, such as `load`, or an output's: `recorder.queue`, `restream.0.offline`. Newer ones stay as they are. */
export function partsOf(reason: string): { readonly output: string; readonly number: number | null; readonly why: string } {
  const parts = reason.split(".");
  const index = parts.length > 2 ? Number(parts[1]) : NaN;
  return { output: parts.length > 1 ? (parts[0] ?? "") : "", number: Number.isInteger(index) ? index + 1 : null, why: parts.at(-1) ?? reason };
}

export function useDropWords() {
  const { t, known, locale } = useWords();
  const word = (key: string, otherwise: string, number: number | null = null) => (known(key) ? t(key, { number: String(number ?? "") }) : otherwise);
  const why = (reason: string): string => {
    const parts = partsOf(reason);
    const said = word(`camera.drop.${parts.why}`, parts.why);
    return parts.output === "" ? said : `${word(`camera.output.${parts.output}`, parts.output, parts.number)}${locale.value === "zh" ? "：" : ": "}${said}`;
  };
  return { dropsOf: (drops: Readonly<Record<string, number>>) => Object.entries(drops).map(([reason, count]) => `${count.toLocaleString(locale.value)} × ${why(reason)}`).join(" · ") };
}

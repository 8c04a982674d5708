import { useWords } from "../../i18n";

/** What detectors call things, in the reader's language where we know a word for it. */
export function useLabelText(): (label: string) => string {
  const { t, known } = useWords();
  return (label) => {
    const key = `label.${label}`;
    return known(key) ? t(key) : label;
  };
}

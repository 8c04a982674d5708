export const LANGUAGES = ["en", "zh"] as const;
export type LanguageCode = (typeof LANGUAGES)[number];

/** The first of the reader's languages that we speak; English when there is none. */
export function languageOf(wanted: readonly string[]): LanguageCode {
  const spoken = wanted.map((tag) => tag.toLowerCase().split("-")[0]);
  return LANGUAGES.find((language) => language === spoken.find((tag) => LANGUAGES.some((known) => known === tag))) ?? "en";
}

import { createI18n, useI18n } from "vue-i18n";

import { rememberedChoice, remember } from "../state/choices";
import en from "./en/app.json";
import { LANGUAGES, languageOf, type LanguageCode } from "./language";
import type { Area, AppWords, WordKey } from "./words";
import zh from "./zh/app.json";

const STORED_AS = "popcam.language";
const HTML_LANG: Readonly<Record<LanguageCode, string>> = { en: "en", zh: "zh-CN" };
const FILES = import.meta.glob<object>("./{en,zh}/*.json", { import: "default" });

export const i18n = createI18n<[AppWords], LanguageCode, false>({
  legacy: false,
  locale: rememberedChoice(STORED_AS, LANGUAGES) ?? languageOf(navigator.languages),
  fallbackLocale: "en",
  messages: { en, zh },
});

const loadedAreas = new Map<Area, Promise<void>>();

/** Fetch the words of an area, in every language: the switch of language then never waits.
 *
 * @throws when they can't be fetched; the next call tries again.
 */
export function loadWords(area: Area): Promise<void> {
  const known = loadedAreas.get(area);
  if (known) return known;
  const loading = Promise.all(LANGUAGES.map((language) => mergeFile(language, area))).then(() => undefined);
  loadedAreas.set(area, loading);
  loading.catch(() => loadedAreas.delete(area));
  return loading;
}

async function mergeFile(language: LanguageCode, area: Area): Promise<void> {
  const words = await FILES[`./${language}/${area}.json`]?.();
  if (words) i18n.global.mergeLocaleMessage(language, words);
}

/** The words, with their keys checked by the compiler. `known` is for keys that a newer server may make longer. */
export function useWords() {
  const { t, te, locale } = useI18n<{ message: object }, LanguageCode>();
  return {
    t: (key: WordKey, values: Readonly<Record<string, unknown>> = {}): string => t(key, values),
    known: (key: string): key is WordKey => te(key) || te(key, "en"),
    locale,
  };
}

/** A word outside components. */
export function word(key: WordKey, values: Readonly<Record<string, unknown>> = {}): string {
  return i18n.global.t(key, values);
}

export function setLanguage(language: LanguageCode): void {
  i18n.global.locale.value = language;
  remember(STORED_AS, language);
  showLanguage();
}

/** Tell screen readers, fonts and hyphenation which language the page is in. */
export function showLanguage(): void {
  document.documentElement.lang = HTML_LANG[i18n.global.locale.value];
}

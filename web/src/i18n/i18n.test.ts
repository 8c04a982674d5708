import { describe, expect, it } from "vitest";

import errors from "./errors.json";
import { languageOf } from "./language";
import { AREAS } from "./words";

type Words = { readonly [key: string]: string | Words };

const FILES = import.meta.glob<Words>("./{en,zh}/*.json", { eager: true, import: "default" });
const SOURCES = import.meta.glob<string>(["../**/*.{ts,vue}", "!../**/*.test.ts"], { eager: true, query: "?raw", import: "default" });
const NAMES = ["app", ...AREAS];

const file = (language: string, area: string): Words => FILES[`./${language}/${area}.json`] ?? {};

/** Every key with its text, such as `["facts.fpsValue", "{fps} fps"]`. */
function entries(words: Words, prefix = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[prefix + key, value]] : entries(value, `${prefix}${key}.`),
  );
}

/** Keys with their placeholders: a word without the value that it tells is wrong too. */
const shapes = (words: Words) =>
  entries(words)
    .map(([key, text]) => [key, ...(text.match(/\{\w+\}/g) ?? []).sort()].join(" "))
    .sort();

describe.each(NAMES)("the words of %s", (area) => {
  it("are the same in both languages, with the same placeholders", () => {
    expect(shapes(file("zh", area))).toEqual(shapes(file("en", area)));
  });

  it("are never empty", () => {
    const blank = [...entries(file("en", area)), ...entries(file("zh", area))].filter(([, text]) => text.trim() === "");
    expect(blank).toEqual([]);
  });

  it.runIf(area !== "app")("begin with the name of their area", () => {
    expect([...Object.keys(file("en", area)), ...Object.keys(file("zh", area))]).toEqual([area, area]);
  });
});

describe("the files", () => {
  it("are just those of the areas", () => {
    const wanted = ["en", "zh"].flatMap((language) => NAMES.map((area) => `./${language}/${area}.json`));
    expect(Object.keys(FILES).sort()).toEqual(wanted.sort());
  });

  it("hold every word that the sources name", () => {
    const known = new Set(NAMES.flatMap((area) => entries(file("en", area)).map(([key]) => key)));
    const named = Object.entries(SOURCES).flatMap(([path, source]) =>
      [...source.matchAll(/\bt\(\s*["']([\w.-]+)["']/g)].map((match) => [path, match[1]] as const),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(([, key]) => !known.has(key ?? ""))).toEqual([]);
  });
});

describe("the failures", () => {
  it("are all named and explained", () => {
    for (const failure of Object.values(errors)) {
      expect([failure.en.title, failure.en.hint, failure.zh.title, failure.zh.hint].every((text) => text.length > 0)).toBe(true);
    }
  });
});

describe("languageOf", () => {
  it.each([
    [["zh-CN", "en"], "zh"],
    [["en-GB", "zh"], "en"],
    [["fr", "zh-TW"], "zh"],
    [["fr"], "en"],
    [[], "en"],
  ])("takes the first language of %j that we speak", (wanted, expected) => {
    expect(languageOf(wanted)).toBe(expected);
  });
});

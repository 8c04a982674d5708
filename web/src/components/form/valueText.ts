/** Values of settings as people read them. Pure. */
import { equal, isList, isObject, type Json } from "./json";
import { typesOf, type SettingSchema } from "./schema";

export interface ValueWords {
  readonly on: string;
  readonly off: string;
  readonly unset: string;
  readonly empty: string;
  /** `{n}` entries. */
  readonly entries: (count: number) => string;
  readonly number: (value: number) => string;
}

/** One value with its unit, or the label of a choice. */
export function valueText(value: Json | undefined, schema: SettingSchema, words: ValueWords): string {
  if (value === null || value === undefined) return words.unset;
  if (typeof value === "boolean") return value ? words.on : words.off;
  if (typeof value === "number") return withUnit(words.number(value), schema["x-unit"]);
  if (typeof value === "string") return schema["x-choices"]?.[value] ?? (value === "" ? words.empty : value);
  if (isList(value)) return listText(value, schema, words);
  const name = isObject(value) ? (value["name"] ?? value["url"]) : undefined;
  return typeof name === "string" ? name : words.entries(Object.keys(value).length);
}

function listText(list: readonly Json[], schema: SettingSchema, words: ValueWords): string {
  if (list.length === 0) return words.empty;
  const inner = { "x-choices": schema["x-choices"] ?? {} };
  if (list.every((item) => typeof item === "string")) return list.map((item) => valueText(item, inner, words)).join(", ");
  const named = list.every((item) => isObject(item) && typeof (item["name"] ?? item["url"]) === "string");
  return named ? list.map((item) => valueText(item, {}, words)).join(", ") : words.entries(list.length);
}

function withUnit(text: string, unit: string | undefined): string {
  return unit === undefined ? text : `${text} ${unit}`;
}

/** The limits of a number, such as `0 – 600 s`; empty when there are none. */
export function limitsText(schema: SettingSchema, words: ValueWords): string {
  if (!typesOf(schema).some((type) => type === "number" || type === "integer")) return "";
  const { minimum, exclusiveMinimum: above, maximum } = schema;
  const low = minimum !== undefined ? words.number(minimum) : above !== undefined ? `> ${words.number(above)}` : "";
  const high = maximum !== undefined ? words.number(maximum) : "";
  if (low === "" && high === "") return "";
  return withUnit([low, high].filter(Boolean).join(low && high ? " – " : ""), schema["x-unit"]);
}

/** Whether a value is what the setting has when nobody sets it; false when it has no default. */
export function isDefault(value: Json | undefined, schema: SettingSchema): boolean {
  return schema.default !== undefined && (value === undefined || equal(value, schema.default));
}

/** Whether values keep to their schema, so that a mistake is told while it is typed. The server checks again. Pure. */
import { isList, isObject, keyOf, type Json, type Path } from "./json";
import { isWhole, mayBeNull, settingsIn, typesOf, type SettingSchema } from "./schema";

export type Rule =
  | "required" | "number" | "whole" | "min" | "above" | "max" | "below" | "shorter" | "longer" | "fewer" | "more" | "choice";

export interface Mistake {
  readonly key: string;
  readonly path: Path;
  readonly rule: Rule;
  /** The bound that was passed. */
  readonly bound: number;
}

/** Everything that is wrong with a value and what lies in it. */
export function mistakes(schema: SettingSchema, value: Json | undefined, path: Path = []): readonly Mistake[] {
  if (value === null && mayBeNull(schema)) return [];
  if (value === undefined) return schema.default === undefined && !schema.properties ? [mistake("required", path)] : [];
  if (schema.enum) return schema.enum.some((choice) => choice === value) ? [] : [mistake("choice", path)];
  if (schema.properties) return sectionMistakes(schema, value, path);
  const types = typesOf(schema);
  if (types.includes("number") || types.includes("integer")) return numberMistakes(schema, value, path);
  if (types.includes("string")) return textMistakes(schema, value, path);
  return types.includes("array") ? listMistakes(schema, value, path) : [];
}

function mistake(rule: Rule, path: Path, bound = 0): Mistake {
  return { key: keyOf(path), path, rule, bound };
}

function sectionMistakes(schema: SettingSchema, value: Json, path: Path): readonly Mistake[] {
  if (!isObject(value)) return [mistake("required", path)];
  const required = new Set(schema.required ?? []);
  return settingsIn(schema).flatMap(([name, inner]) => {
    const place = [...path, name];
    // A document that leaves a setting out takes its default.
    if (value[name] === undefined) return required.has(name) ? [mistake("required", place)] : [];
    return mistakes(inner, value[name], place);
  });
}

function numberMistakes(schema: SettingSchema, value: Json, path: Path): readonly Mistake[] {
  if (value === null) return [mistake("required", path)];
  if (typeof value !== "number" || !Number.isFinite(value)) return [mistake("number", path)];
  if (isWhole(schema) && !Number.isInteger(value)) return [mistake("whole", path)];
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  if (minimum !== undefined && value < minimum) return [mistake("min", path, minimum)];
  if (above !== undefined && value <= above) return [mistake("above", path, above)];
  if (maximum !== undefined && value > maximum) return [mistake("max", path, maximum)];
  if (below !== undefined && value >= below) return [mistake("below", path, below)];
  return [];
}

function textMistakes({ minLength = 0, maxLength }: SettingSchema, value: Json, path: Path): readonly Mistake[] {
  if (typeof value !== "string" || (value === "" && minLength > 0)) return [mistake("required", path)];
  const length = [...value].length; // characters as the server counts them, an emoji once
  if (length < minLength) return [mistake("shorter", path, minLength)];
  return maxLength !== undefined && length > maxLength ? [mistake("longer", path, maxLength)] : [];
}

function listMistakes(schema: SettingSchema, value: Json, path: Path): readonly Mistake[] {
  if (!isList(value)) return [mistake("required", path)];
  const { items, minItems = 0, maxItems } = schema;
  const own = value.length < minItems ? [mistake("fewer", path, minItems)] : [];
  const many = maxItems !== undefined && value.length > maxItems ? [mistake("more", path, maxItems)] : [];
  return [...own, ...many, ...(items ? value.flatMap((item, index) => mistakes(items, item, [...path, index])) : [])];
}

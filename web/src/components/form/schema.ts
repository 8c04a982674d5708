/** Settings as `GET /api/v1/settings/schema` describes them, and which control each one gets. Pure. */
import type { Json, JsonObject, Path } from "./json";

export type Effect = "none" | "live" | "reopen" | "stop" | "restart";

/** One setting. The words of JSON Schema that the server uses, and its own `x-` ones. */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly required?: readonly string[];
  readonly items?: SettingSchema;
  readonly prefixItems?: readonly SettingSchema[];
  readonly additionalProperties?: boolean | SettingSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly writeOnly?: boolean;
  readonly readOnly?: boolean;
  readonly "x-level"?: "basic" | "advanced";
  readonly "x-unit"?: string;
  readonly "x-choices"?: Readonly<Record<string, string>>;
  readonly "x-effect"?: Effect;
  /** Its effect where these other settings are set. */
  readonly "x-effect-with"?: Readonly<Record<string, Effect>>;
}

/** - `section`: settings of its own; `optional`: one that may be absent. - `rows`: a list of such. - `words`: a list of
 * texts; `picks`: a list of known values. - `other`: nothing that a form can show (a drawing, a mapping). */
export type Control =
  | "text" | "secret" | "number" | "switch" | "choice" | "words" | "picks" | "section" | "optional" | "rows" | "other";

export function typesOf(schema: SettingSchema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === "string" ? [schema.type] : schema.type;
}

export function mayBeNull(schema: SettingSchema): boolean {
  return typesOf(schema).includes("null");
}

export function isWhole(schema: SettingSchema): boolean {
  return typesOf(schema).includes("integer");
}

export function controlOf(schema: SettingSchema): Control {
  const types = typesOf(schema);
  if (schema.enum) return "choice";
  if (schema.properties) return mayBeNull(schema) ? "optional" : "section";
  if (types.includes("boolean")) return "switch";
  if (types.includes("number") || types.includes("integer")) return "number";
  if (types.includes("string")) return schema.writeOnly ? "secret" : "text";
  if (types.includes("array") && schema.items) return listControlOf(schema.items);
  return "other";
}

function listControlOf(items: SettingSchema): Control {
  if (items.enum) return "picks";
  if (items.properties) return "rows";
  return typesOf(items).includes("string") ? "words" : "other";
}

/** The settings in a section, in the order of the schema. */
export function settingsIn(schema: SettingSchema): readonly (readonly [string, SettingSchema])[] {
  return Object.entries(schema.properties ?? {});
}

/** What a new entry holds: the defaults, with nothing where there is none. */
export function freshValue(schema: SettingSchema): Json {
  if (schema.default !== undefined) return schema.default;
  if (schema.properties) {
    return Object.fromEntries(settingsIn(schema).map(([name, inner]) => [name, freshValue(inner)])) satisfies JsonObject;
  }
  const types = typesOf(schema);
  if (types.includes("null")) return null;
  if (types.includes("array")) return [];
  return types.includes("string") ? "" : null;
}

/** Whether the setting or anything in it is for everybody. */
export function isBasic(schema: SettingSchema): boolean {
  return schema["x-level"] !== "advanced";
}

/** The setting at a place, and the titles of all that it lies in; null for a place that the schema does not know. */
export function settingAt(schema: SettingSchema, path: Path): { readonly schema: SettingSchema; readonly titles: readonly string[] } | null {
  let here: SettingSchema | undefined = schema;
  const titles: string[] = [];
  for (const step of path) {
    here = typeof step === "number" ? (here.items ?? here.prefixItems?.[step]) : (here.properties?.[step] ?? innerMapping(here));
    if (!here) return null;
    titles.push(typeof step === "number" ? String(step + 1) : (here.title ?? step));
  }
  return { schema: here, titles };
}

function innerMapping({ additionalProperties: inner }: SettingSchema): SettingSchema | undefined {
  return typeof inner === "object" ? inner : undefined;
}

const ORDER: readonly Effect[] = ["restart", "stop", "reopen", "live", "none"];

/** What saving changes of these places does while popcam runs: the most noticeable of their effects.
 *
 * @param values all settings as they will be: what some of them do depends on others.
 */
export function effectOf(schema: SettingSchema, paths: readonly Path[], values: unknown): Effect {
  const found = paths.flatMap((path) => {
    const place = settingAt(schema, path) ?? settingAt(schema, path.slice(0, 1));
    return place ? effectsOf(place.schema, values) : [];
  });
  return ORDER.find((effect) => found.includes(effect)) ?? "none";
}

function effectsOf(setting: SettingSchema, values: unknown): Effect[] {
  const others = Object.entries(setting["x-effect-with"] ?? {});
  const isSet = (name: string) => ((values as Record<string, unknown> | null)?.[name] ?? null) !== null;
  return [setting["x-effect"] ?? [], others.filter(([name]) => isSet(name)).map(([, effect]) => effect)].flat();
}

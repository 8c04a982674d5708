/** Finding a setting by what it is called or what is said about it. Pure. */
import { settingsIn, type SettingSchema } from "./schema";

/** Whether a setting, or one in it, has all words of the query in its name, title, explanation or choices. */
export function matches(name: string, schema: SettingSchema, query: string): boolean {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return true;
  const text = textOf(name, schema);
  if (wanted.every((word) => text.includes(word))) return true;
  return innerSettings(schema).some(([inner, described]) => matches(inner, described, query));
}

/** Whether the setting itself matches, so that all in it is shown. */
export function matchesItself(name: string, schema: SettingSchema, query: string): boolean {
  return matches(name, { title: schema.title ?? "", description: schema.description ?? "" }, query);
}

function innerSettings(schema: SettingSchema): readonly (readonly [string, SettingSchema])[] {
  return [...settingsIn(schema), ...(schema.items ? settingsIn(schema.items) : [])];
}

function textOf(name: string, schema: SettingSchema): string {
  const choices = schema["x-choices"] ?? {};
  const parts = [name, name.replaceAll("_", " "), schema.title ?? "", schema.description ?? "", ...Object.entries(choices).flat()];
  return parts.join("\n").toLowerCase();
}

/** What the form says beside each setting: who decided it, and what waits for a restart. Pure. */
import type { FieldMark } from "../../components/form/context";
import type { Json } from "../../components/form/json";
import type { SettingSchema } from "../../components/form/schema";
import type { WordKey } from "../../i18n/words";
import type { SettingOut } from "./types";

type Say = (key: WordKey, values?: Record<string, unknown>) => string;

export function marksOf(settings: readonly SettingOut[], t: Say): Readonly<Record<string, FieldMark>> {
  return Object.fromEntries(settings.map((setting) => [setting.key, markOf(setting, t)]));
}

function markOf(setting: SettingOut, t: Say): FieldMark {
  const origin = { text: originText(setting, t), tone: "plain", title: setting.where } as const;
  const effect = { text: t("settings.restartNeeded"), tone: "plain" } as const;
  const waits = { text: t("settings.waits", { running: plainText(setting.running) }), tone: "busy" } as const;
  const badges = [origin, ...(setting.waits ? [waits] : setting.effect === "restart" ? [effect] : [])];
  return setting.fixed ? { badges, fixed: t("settings.fixed", { where: setting.where }) } : { badges };
}

function originText({ origin, where }: SettingOut, t: Say): string {
  const line = /:(\d+)$/.exec(where)?.[1];
  if (origin === "file") return line ? t("settings.origin.fileLine", { line }) : t("settings.origin.file");
  return origin === "default" ? t("settings.origin.default") : t(`settings.origin.${origin}`, { where });
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value || "–" : JSON.stringify(value);
}

/** The description with defaults that only this machine knows, such as its own folders. */
export function withDefaults(schema: SettingSchema, settings: readonly SettingOut[]): SettingSchema {
  return settings.reduce((whole, { key, default: unset }) => withDefault(whole, key.split("."), unset as Json), schema);
}

function withDefault(schema: SettingSchema, path: readonly string[], unset: Json): SettingSchema {
  const [name, ...rest] = path;
  if (name === undefined) return schema.default === undefined ? { ...schema, default: unset } : schema;
  const inner = schema.properties?.[name];
  return inner ? { ...schema, properties: { ...schema.properties, [name]: withDefault(inner, rest, unset) } } : schema;
}

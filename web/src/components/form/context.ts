/** What the parts of a form share: the values, where they differ, what is wrong with them, and what is to be seen. */
import { inject, provide, type ComputedRef, type InjectionKey } from "vue";
import type { RouteLocationRaw } from "vue-router";

import type { Json, JsonObject, Path } from "./json";
import type { SettingSchema } from "./schema";

/** A setting that another page edits. */
export interface Elsewhere {
  readonly text: string;
  readonly to: RouteLocationRaw;
}

/** What a page says beside a setting: who decided it, what it waits for. */
export interface FieldMark {
  readonly badges: readonly { readonly text: string; readonly tone: "plain" | "busy" | "bad"; readonly title?: string }[];
  /** Why it can't be changed here; absent when it can. */
  readonly fixed?: string;
}

export interface FormContext {
  readonly value: ComputedRef<JsonObject>;
  readonly saved: ComputedRef<JsonObject>;
  readonly disabled: ComputedRef<boolean>;
  /** The settings that other pages edit, by key. */
  readonly elsewhere: ComputedRef<Readonly<Record<string, Elsewhere>>>;
  /** What the page says beside settings, by key. */
  readonly marks: ComputedRef<Readonly<Record<string, FieldMark>>>;
  readonly set: (path: Path, value: Json) => void;
  /** Why the value at a place, or anything below it, can't be saved. */
  readonly reasons: (path: Path) => readonly string[];
  /** Whether level and search let the setting be seen. */
  readonly shows: (path: Path, schema: SettingSchema) => boolean;
}

const KEY: InjectionKey<FormContext> = Symbol("form");

export function provideForm(context: FormContext): void {
  provide(KEY, context);
}

export function useForm(): FormContext {
  const context = inject(KEY);
  if (!context) throw new Error("a field stands outside of a form");
  return context;
}

/** The id of a setting's control, for labels and for jumping to it. */
export function controlId(key: string): string {
  return `set-${key.replaceAll(/[^\w-]+/g, "-")}`;
}

/** What `/api/v1/settings` speaks of. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type SettingsOut = Schemas["SettingsOut"];
export type SettingOut = Schemas["SettingOut"];
export type SettingsFile = Schemas["SettingsFileOut"];
export type SettingsText = Schemas["SettingsTextOut"];
export type SavedSettings = Schemas["SavedOut"];
export type CheckedText = Schemas["CheckedOut"];
export type FieldChange = Schemas["FieldChangeOut"];
export type ServerStatus = Schemas["ServerStatus"];
export type CameraStore = Schemas["StoreOut"];
export type Refreshed = Schemas["RefreshOut"];

/** Which words there are. A file per area and language; what a file holds begins with the area's name, so that a key tells
 * where it stands: `camera.restart` is in `camera.json`. Only `app.json`, which is always there, has several groups. */
import type account from "./en/account.json";
import type add from "./en/add.json";
import type alerts from "./en/alerts.json";
import type app from "./en/app.json";
import type audit from "./en/audit.json";
import type camera from "./en/camera.json";
import type events from "./en/events.json";
import type form from "./en/form.json";
import type health from "./en/health.json";
import type jobs from "./en/jobs.json";
import type logs from "./en/logs.json";
import type login from "./en/login.json";
import type performance from "./en/performance.json";
import type security from "./en/security.json";
import type settings from "./en/settings.json";
import type users from "./en/users.json";
import type wall from "./en/wall.json";
import type zones from "./en/zones.json";

export const AREAS = ["wall", "add", "camera", "zones", "form", "events", "jobs", "settings", "login", "account", "users", "audit", "security", "health", "alerts", "performance", "logs"] as const;
export type Area = (typeof AREAS)[number];

export type AppWords = typeof app;
export type Words = AppWords &
  typeof wall &
  typeof add &
  typeof camera &
  typeof zones &
  typeof form &
  typeof events &
  typeof jobs &
  typeof settings &
  typeof login &
  typeof account &
  typeof users &
  typeof audit &
  typeof security &
  typeof health &
  typeof alerts &
  typeof performance &
  typeof logs;

type Keys<Tree> = {
  [Key in keyof Tree & string]: Tree[Key] extends string ? Key : `${Key}.${Keys<Tree[Key]>}`;
}[keyof Tree & string];

/** Every key that has a word. */
export type WordKey = Keys<Words>;

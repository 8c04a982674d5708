import { nextTick, ref, watch } from "vue";
import { createRouter, createWebHistory, type RouteLocationRaw, type RouteRecordRaw } from "vue-router";

import type { Permission } from "./api/access";
import { onLoginNeeded } from "./api/client";
import { loadWords, word } from "./i18n";
import type { Area, WordKey } from "./i18n/words";
import { cameraOfHash } from "./oldAddress";
import { fetchPages } from "./pageFiles";
import { endSession, knownWho, me } from "./state/access";
import { wayIn } from "./state/wayIn";
import { notifyFailure } from "./ui/feedback";

declare module "vue-router" {
  interface RouteMeta {
    /** Words that the page needs beside those of the shell. */
    words?: readonly Area[];
    /** What the browser's window is called. */
    title?: WordKey;
    /** The navigation shows this entry as the current one. */
    section?: "wall" | "add" | "events" | "jobs" | "monitor" | "settings" | "account" | "users" | "audit" | "security";
    /** What somebody has to hold to see it; without it, whoever may look. */
    needs?: Permission;
    /** It concerns all of popcam: nothing for who is limited to some cameras. */
    whole?: boolean;
    /** Nothing of the console is around it: nobody is signed in yet. */
    bare?: boolean;
  }
}

const CAMERA_PAGES: RouteRecordRaw[] = [
  { path: "", name: "camera", component: () => import("./pages/camera/live/LivePage.vue") },
  { path: "events", name: "camera-events", component: () => import("./pages/camera/events/CameraEventsPage.vue"), meta: { words: ["camera", "events"] } },
  { path: "recordings", name: "camera-recordings", component: () => import("./pages/camera/recordings/RecordingsPage.vue") },
  { path: "zones", name: "camera-zones", component: () => import("./pages/camera/zones/ZonesPage.vue"), meta: { words: ["camera", "zones", "form"], needs: "manage" } },
  { path: "settings", name: "camera-settings", component: () => import("./pages/camera/settings/CameraSettingsPage.vue"), meta: { words: ["camera", "form"], needs: "manage" } },
  { path: "logs", name: "camera-logs", component: () => import("./pages/camera/logs/LogsPage.vue"), meta: { needs: "operate" } },
];

const ALERT_PAGES: RouteRecordRaw[] = [
  { path: "", name: "alerts", component: () => import("./pages/alerts/AlertsPage.vue") },
  { path: "history", name: "alert-history", component: () => import("./pages/alerts/HistoryPage.vue") },
  { path: "rules", name: "alert-rules", component: () => import("./pages/alerts/rules/RulesPage.vue"), meta: { whole: true } },
  {
    path: "rules/:id",
    name: "alert-rule",
    component: () => import("./pages/alerts/rules/RulePage.vue"),
    props: true,
    meta: { words: ["alerts", "account", "form", "security"], whole: true },
  },
  { path: "silences", name: "alert-silences", component: () => import("./pages/alerts/SilencesPage.vue") },
  { path: "channels", name: "alert-channels", component: () => import("./pages/alerts/channels/ChannelsPage.vue"), meta: { needs: "manage", whole: true } },
  { path: "deliveries", name: "alert-deliveries", component: () => import("./pages/alerts/DeliveriesPage.vue"), meta: { whole: true } },
  { path: "recovery", name: "recovery", component: () => import("./pages/alerts/recovery/RecoveryPage.vue") },
];

const ROUTES: RouteRecordRaw[] = [
  {
    path: "/",
    name: "wall",
    component: () => import("./pages/wall/WallPage.vue"),
    meta: { words: ["wall", "events"], title: "wall.title", section: "wall" },
  },
  {
    path: "/cameras/new",
    name: "add",
    component: () => import("./pages/add/AddPage.vue"),
    meta: { words: ["add"], title: "add.title", section: "add", needs: "manage", whole: true },
  },
  {
    path: "/cameras/:id",
    component: () => import("./pages/camera/CameraPage.vue"),
    props: true,
    children: CAMERA_PAGES,
    meta: { words: ["camera", "events", "alerts"], title: "wall.title", section: "wall" },
  },
  {
    path: "/events",
    name: "events",
    component: () => import("./pages/events/EventsPage.vue"),
    meta: { words: ["events"], title: "events.title", section: "events" },
  },
  {
    path: "/events/health",
    name: "health-events",
    component: () => import("./pages/events/HealthEventsPage.vue"),
    meta: { words: ["events", "health"], title: "events.title", section: "events" },
  },
  {
    path: "/jobs",
    name: "jobs",
    component: () => import("./pages/jobs/JobsPage.vue"),
    meta: { words: ["jobs"], title: "jobs.title", section: "jobs", whole: true },
  },
  {
    path: "/jobs/new",
    name: "job-new",
    component: () => import("./pages/jobs/new/NewJobPage.vue"),
    meta: { words: ["jobs"], title: "jobs.new", section: "jobs", needs: "operate", whole: true },
  },
  {
    path: "/jobs/:id",
    name: "job",
    component: () => import("./pages/jobs/detail/JobPage.vue"),
    props: true,
    meta: { words: ["jobs"], title: "jobs.title", section: "jobs", whole: true },
  },
  {
    path: "/settings",
    name: "settings",
    component: () => import("./pages/settings/SettingsPage.vue"),
    meta: { words: ["settings", "form"], title: "settings.title", section: "settings", needs: "manage", whole: true },
  },
  { path: "/monitor", redirect: { name: "health" } },
  {
    path: "/monitor/health",
    name: "health",
    component: () => import("./pages/health/HealthPage.vue"),
    meta: { words: ["health"], title: "monitor.health", section: "monitor" },
  },
  {
    path: "/monitor/alerts",
    component: () => import("./pages/alerts/AlertsFrame.vue"),
    children: ALERT_PAGES,
    meta: { words: ["alerts"], title: "monitor.alerts", section: "monitor" },
  },
  {
    path: "/monitor/performance",
    name: "performance",
    component: () => import("./pages/performance/PerformancePage.vue"),
    meta: { words: ["performance", "camera", "health"], title: "monitor.performance", section: "monitor", whole: true },
  },
  {
    path: "/monitor/logs",
    name: "logs",
    component: () => import("./pages/logs/LogsPage.vue"),
    meta: { words: ["logs"], title: "monitor.logs", section: "monitor", needs: "operate" },
  },
  {
    path: "/login",
    name: "login",
    component: () => import("./pages/login/LoginPage.vue"),
    meta: { words: ["login"], title: "login.title", bare: true },
  },
  {
    path: "/setup",
    name: "setup",
    component: () => import("./pages/login/SetupPage.vue"),
    meta: { words: ["login"], title: "login.setup.title", bare: true },
  },
  {
    path: "/account",
    name: "account",
    component: () => import("./pages/account/AccountPage.vue"),
    meta: { words: ["account"], title: "access.account", section: "account", needs: "self" },
  },
  {
    path: "/users",
    name: "users",
    component: () => import("./pages/users/UsersPage.vue"),
    meta: { words: ["account", "users"], title: "access.users", section: "users", needs: "admin", whole: true },
  },
  {
    path: "/audit",
    name: "audit",
    component: () => import("./pages/audit/AuditPage.vue"),
    meta: { words: ["audit"], title: "access.audit", section: "audit", needs: "admin", whole: true },
  },
  {
    path: "/security",
    name: "security",
    component: () => import("./pages/security/SecurityPage.vue"),
    meta: { words: ["security"], title: "access.security", section: "security", needs: "admin", whole: true },
  },
  {
    path: "/:rest(.*)*",
    name: "not-found",
    component: () => import("./pages/NotFoundPage.vue"),
    meta: { title: "app.notFound" },
  },
];

export const router = createRouter({
  history: createWebHistory(),
  routes: ROUTES,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});

/** A page is on its way. */
export const navigating = ref(false);

router.beforeEach(async (to): Promise<true | RouteLocationRaw> => {
  const camera = cameraOfHash(to.hash);
  if (camera !== null) return { name: "camera", params: { id: camera }, replace: true };
  navigating.value = true;
  // All words that the page shows are there before it opens: no keys flash up.
  const areas = new Set(to.matched.flatMap((record) => record.meta.words ?? []));
  fetchPages(to.matched);
  await Promise.all([knownWho(), ...[...areas].map(loadWords)]);
  const elsewhere = wayIn(me.value, { name: String(to.name), fullPath: to.fullPath, to: to.query["to"] });
  return elsewhere === null ? true : { ...elsewhere, replace: true };
});

onLoginNeeded(endSession);

/** Somebody whose session ended signs in again and gets the page back; who signed in elsewhere need not do so here. */
function seeToTheDoor(): void {
  const { name, fullPath, query, matched } = router.currentRoute.value;
  if (navigating.value || matched.length === 0) return;
  const elsewhere = wayIn(me.value, { name: String(name), fullPath, to: query["to"] });
  if (elsewhere && "name" in elsewhere) void router.push(elsewhere);
  else if (elsewhere) location.assign(elsewhere.path);
}
watch(me, seeToTheDoor);

router.afterEach((to, from, failure) => {
  navigating.value = false;
  if (failure) return;
  showTitle();
  forgetReopened();
  seeToTheDoor();
  // As when a page loads: screen readers tell the new title, and Tab goes on from there. Pages within a page (the tabs of a
  // camera) leave the focus on what opened them.
  if (from.matched.length > 0 && to.matched[0] !== from.matched[0]) {
    void nextTick(() => document.getElementById("page-title")?.focus({ preventScroll: true }));
  }
});

// After an update of the server, the files of an open page are gone: the page is then opened anew. When the server can't be
// reached, the reader stays where they are.
router.onError(async (error: unknown, to) => {
  navigating.value = false;
  const answer = await fetch(to.fullPath, { method: "HEAD" }).catch(() => null);
  if (answer?.ok && !reopened(to.fullPath)) location.assign(to.fullPath);
  else notifyFailure({ code: "", title: word("app.pageFailed"), hint: word("failure.network.hint"), detail: String(error) });
});

const REOPENED = "popcam.reopened";

/** Whether this address was opened anew already: a file that stays broken must not reload the page for ever. */
function reopened(path: string): boolean {
  try {
    if (sessionStorage.getItem(REOPENED) === path) return true;
    sessionStorage.setItem(REOPENED, path);
    return false;
  } catch {
    return true;
  }
}

function forgetReopened(): void {
  try {
    sessionStorage.removeItem(REOPENED);
  } catch {
    // Nothing was stored then.
  }
}

/** Name the window after its page, in the reader's language. */
export function showTitle(): void {
  const { title } = router.currentRoute.value.meta;
  document.title = title ? word("app.pageTitle", { page: word(title) }) : "popcam";
}


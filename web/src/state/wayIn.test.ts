import { describe, expect, it } from "vitest";

import type { Me } from "../api/access";
import { safeReturn, wayIn } from "./wayIn";

const NOBODY: Me = { login_required: true, setup_needed: false, known: false, user: null, permissions: [], lockdown: null };
const SOMEBODY: Me = { ...NOBODY, known: true, permissions: ["self", "view"] };
const OPEN: Me = { ...NOBODY, login_required: false };
const page = (name: string, fullPath: string, to?: unknown) => ({ name, fullPath, to });

describe("the way in", () => {
  it("is the page itself while the server could not be asked", () => {
    expect(wayIn(null, page("wall", "/"))).toBeNull();
  });

  it("is the sign-in for nobody, and leads back", () => {
    expect(wayIn(NOBODY, page("camera", "/cameras/door?tab=1#x"))).toEqual({ name: "login", query: { to: "/cameras/door?tab=1#x" } });
    expect(wayIn(NOBODY, page("wall", "/"))).toEqual({ name: "login", query: {} });
    expect(wayIn(NOBODY, page("login", "/login?to=/events", "/events"))).toBeNull();
  });

  it("is the set-up while there is no account", () => {
    expect(wayIn({ ...NOBODY, setup_needed: true }, page("wall", "/"))).toEqual({ name: "setup" });
    expect(wayIn({ ...NOBODY, setup_needed: true }, page("setup", "/setup#token=t"))).toBeNull();
    expect(wayIn(NOBODY, page("setup", "/setup#token=t"))).toEqual({ name: "login", query: {} });
  });

  it("is any page for somebody known, or where nobody is asked", () => {
    expect([wayIn(SOMEBODY, page("events", "/events")), wayIn(OPEN, page("events", "/events"))]).toEqual([null, null]);
  });

  it("leads past sign-in and set-up for who is in already", () => {
    expect(wayIn(SOMEBODY, page("login", "/login?to=/events", "/events"))).toEqual({ path: "/events" });
    expect(wayIn(OPEN, page("setup", "/setup"))).toEqual({ path: "/" });
  });
});

describe("where to return", () => {
  it.each(["/", "/events?camera=door", "/cameras/d%2Fx", "/loginx"])("may be %s", (path) => {
    expect(safeReturn(path)).toBe(path);
  });

  it.each(["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "/login?to=/login", "/setup", "/api/v1/auth/logout", "", undefined, ["/"]])(
    "is never %j",
    (path) => {
      expect(safeReturn(path)).toBe("/");
    },
  );
});

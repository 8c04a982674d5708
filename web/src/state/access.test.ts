import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Me, User } from "../api/access";
import { admitted, askWho, endSession, knownWho, limited, lockdown, may, me, sessionEnded } from "./access";

const USER: User = {
  id: "u1",
  name: "Ann",
  role: "operator",
  cameras: null,
  groups: null,
  totp: false,
  disabled: false,
  has_password: true,
  recovery_codes: 0,
  created_unix_s: 1,
  last_login_unix_s: null,
};
const ANN: Me = { login_required: true, setup_needed: false, known: true, user: USER, permissions: ["self", "view", "operate"], lockdown: null };
const NOBODY: Me = { ...ANN, known: false, user: null, permissions: [] };

let said: Me | null = ANN;
beforeEach(() => {
  me.value = null;
  sessionEnded.value = false;
  vi.stubGlobal(
    "fetch",
    vi.fn(async () => {
      if (said === null) throw new TypeError("no network");
      return new Response(JSON.stringify(said));
    }),
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("who looks", () => {
  it("is asked once, also by several at the same time", async () => {
    said = ANN;
    await Promise.all([knownWho(), knownWho(), askWho()]);
    await knownWho();
    expect([fetch, me.value]).toEqual([expect.anything(), ANN]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("stays known while the server can't be asked", async () => {
    said = ANN;
    await askWho();
    said = null;
    await askWho();
    expect(me.value).toEqual(ANN);
  });

  it("is told when their session ended elsewhere", async () => {
    said = ANN;
    await askWho();
    said = NOBODY;
    await askWho();
    expect([admitted.value, sessionEnded.value]).toEqual([false, true]);
  });

  it("is nobody as soon as a request is refused for that", async () => {
    said = ANN;
    await askWho();
    said = NOBODY;
    endSession();
    expect([admitted.value, sessionEnded.value, may("view")]).toEqual([false, true, false]);
    await askWho();
  });
});

describe("what they may", () => {
  it("hides nothing while it is not known", () => expect(may("admin", true)).toBe(true));

  it("is what the server says", () => {
    me.value = ANN;
    expect([may("operate"), may("operate", true), may("manage"), limited.value]).toEqual([true, true, false, false]);
  });

  it("is nothing that concerns all of popcam for who is limited to some cameras", () => {
    me.value = { ...ANN, user: { ...USER, cameras: [], groups: ["yard"] } };
    expect([may("operate"), may("operate", true), limited.value]).toEqual([true, false, true]);
  });
});

it("incident mode is told only while it is on", () => {
  const told = { active: true, reason: "a stranger", since_unix_s: 9, by: "Ann" };
  me.value = { ...ANN, lockdown: told };
  expect(lockdown.value).toEqual(told);
  me.value = { ...ANN, lockdown: { ...told, active: false } };
  expect(lockdown.value).toBeNull();
});

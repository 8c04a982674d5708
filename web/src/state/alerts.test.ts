import { beforeEach, describe, expect, it, vi } from "vitest";

import type { AlertOut } from "../api/alerts";
import { getJson } from "../api/client";
import { alertsByKey, alertsKnown, dismissPopup, firing, hearAlert, loud, popups, refreshAlerts, setPopsUp } from "./alerts";

vi.mock("../api/client", () => ({ getJson: vi.fn() }));

const alert = (more: Partial<AlertOut> = {}): AlertOut => ({
  rule_id: "camera-offline", subject: "door", name: "Camera offline", severity: "critical", state: "firing", since_unix_s: 1, active_unix_s: 1, camera_id: "door",
  worker_id: "", fired_unix_s: 1, value: null, detail: "", acknowledged_by: "", acknowledged_unix_s: null, silenced_by: "", inhibited_by: "", labels: {}, ...more,
});
const subjects = () => popups.value.map(({ subject }) => subject);
const answer = (...items: AlertOut[]) => vi.mocked(getJson).mockResolvedValueOnce({ items });

beforeEach(() => {
  alertsByKey.value = new Map();
  popups.value = [];
  alertsKnown.value = false;
  setPopsUp(true);
});

describe("an alert", () => {
  it("pops up when it fires, once", () => {
    hearAlert(alert({ state: "pending" }));
    expect(subjects()).toEqual([]);
    hearAlert(alert());
    hearAlert(alert({ value: 3 }));
    expect(popups.value.map(({ value }) => value)).toEqual([3]);
  });

  it.each([{ silenced_by: "s1" }, { inhibited_by: "worker-restarting w1" }, { acknowledged_by: "Ann" }])("stays quiet with %j", (quiet) => {
    hearAlert(alert(quiet));
    expect([subjects(), loud.value, firing.value.length]).toEqual([[], [], 1]);
  });

  it("pops up when what kept it quiet ends", () => {
    hearAlert(alert({ silenced_by: "s1" }));
    hearAlert(alert());
    expect(subjects()).toEqual(["door"]);
  });

  it("that somebody has acknowledged elsewhere goes", () => {
    hearAlert(alert());
    hearAlert(alert({ acknowledged_by: "Ann" }));
    expect(subjects()).toEqual([]);
  });

  it("that is over says so where it popped up, and counts no more", () => {
    hearAlert(alert());
    hearAlert(alert({ state: "resolved" }));
    expect([popups.value[0]?.state, firing.value.length, alertsByKey.value.size]).toEqual(["resolved", 0, 0]);
  });

  it("comes back when it fires again after it was dismissed", () => {
    hearAlert(alert());
    dismissPopup(alert());
    hearAlert(alert({ state: "resolved" }));
    hearAlert(alert());
    expect(subjects()).toEqual(["door"]);
  });

  it("pops up for nobody who does not want it", () => {
    setPopsUp(false);
    hearAlert(alert());
    expect([subjects(), loud.value.length]).toEqual([[], 1]);
  });
});

describe("reading all", () => {
  it("shows nothing of what fired before the page was opened", async () => {
    answer(alert());
    await refreshAlerts();
    expect([subjects(), firing.value.length]).toEqual([[], 1]);
  });

  it("shows what began while the connection was away", async () => {
    answer();
    await refreshAlerts();
    answer(alert({ subject: "yard" }));
    await refreshAlerts();
    expect(subjects()).toEqual(["yard"]);
  });

  it("keeps what was told while the answer was on its way, which may be older", async () => {
    answer(alert({ subject: "lobby" }));
    await refreshAlerts();
    let arrive: (body: unknown) => void = () => undefined;
    vi.mocked(getJson).mockImplementationOnce(() => new Promise((resolve) => (arrive = resolve)));
    const read = refreshAlerts();
    hearAlert(alert({ subject: "yard", state: "pending" }));
    hearAlert(alert({ subject: "yard" }));
    hearAlert(alert({ subject: "lobby", state: "resolved" }));
    arrive({ items: [alert({ subject: "lobby" }), alert()] });
    await read;
    expect(firing.value.map(({ subject }) => subject).sort()).toEqual(["door", "yard"]);
    expect(subjects()).toEqual(["door", "yard"]);
  });

  it("forgets what ended meanwhile", async () => {
    hearAlert(alert());
    answer();
    await refreshAlerts();
    expect([subjects(), firing.value]).toEqual([[], []]);
  });
});

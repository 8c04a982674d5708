import { createHash } from "node:crypto";

import { afterEach, expect, it, vi } from "vitest";

import { fingerprintOf } from "./fingerprint";

const BYTES = Buffer.from("not a certificate, but bytes of one's place");
const PEM = `-----BEGIN CERTIFICATE-----\n${BYTES.toString("base64").replace(/(.{20})/g, "$1\n")}\n-----END CERTIFICATE-----\n`;

afterEach(() => vi.unstubAllGlobals());

it("is the hash of the bytes inside", async () => {
  vi.stubGlobal("isSecureContext", true);
  const hex = createHash("sha256").update(BYTES).digest("hex").toUpperCase();
  expect(await fingerprintOf(PEM)).toBe(hex.match(/../g)?.join(":"));
});

it("is not told where it can't be computed", async () => {
  vi.stubGlobal("isSecureContext", false);
  expect([await fingerprintOf(PEM), await fingerprintOf("nothing")]).toEqual(["", ""]);
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { i18n } from "../i18n";
import { ApiError, getJson, getVersioned, onLoginNeeded, sendJson } from "./client";
import { failureOf } from "./failing";

const PROBLEM = { code: "camera.exists", title: "Taken", hint: "Choose another", detail: "front", request_id: "r1", status: 409 };

let server: Server;
let url = "";
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;

beforeEach(async () => {
  answer = () => undefined;
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const refusal = async (request: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await request.then(() => null, (reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw new Error(`no ApiError: ${String(error)}`);
  return error;
};

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
}

describe("a request", () => {
  it("asks in the reader's language", async () => {
    i18n.global.locale.value = "zh";
    answer = (request, response) => response.end(JSON.stringify({ language: request.headers["accept-language"] }));
    expect(await getJson(url)).toEqual({ language: "zh" });
    i18n.global.locale.value = "en";
  });

  it("hands the version back with the next change", async () => {
    answer = (request, response) => {
      response.setHeader("ETag", '"7"');
      void body(request).then((sent) => response.end(JSON.stringify({ sent, match: request.headers["if-match"], method: request.method })));
    };
    const { etag } = await getVersioned(url);
    const { body: told } = await sendJson("PATCH", url, { name: "门" }, { etag });
    expect(told).toEqual({ sent: '{"name":"门"}', match: '"7"', method: "PATCH" });
  });

  it("takes an answer without content", async () => {
    answer = (_, response) => response.writeHead(204).end();
    expect(await sendJson("DELETE", url)).toEqual({ body: undefined, etag: null });
  });
});

describe("a failure", () => {
  it("is what the server said", async () => {
    answer = (_, response) => response.writeHead(409, { "Content-Type": "application/problem+json" }).end(JSON.stringify(PROBLEM));
    const error = await refusal(sendJson("POST", url, {}));
    expect(error).toMatchObject({ code: "camera.exists", status: 409, title: "Taken", hint: "Choose another", detail: "front", requestId: "r1", problem: PROBLEM });
  });

  it("of a proxy that knows no problem details has the status as its detail", async () => {
    answer = (_, response) => response.writeHead(502, "Bad Gateway").end("<html>");
    expect(await refusal(getJson(url))).toMatchObject({ code: "http", status: 502, detail: "HTTP 502 Bad Gateway" });
  });

  it("is named when the answer is no JSON", async () => {
    answer = (_, response) => response.end("<html>");
    expect(await refusal(getJson(url))).toMatchObject({ code: "http", status: 0 });
  });

  it("is named when nobody listens", async () => {
    answer = (request) => request.socket.destroy();
    expect(await refusal(getJson(url))).toMatchObject({ code: "network", status: 0 });
  });

  it("is named when the answer does not come in time", async () => {
    expect(await refusal(getJson(url, { timeoutMs: 30 }))).toMatchObject({ code: "timeout" });
  });

  it("of a request that we gave up is none for the reader", async () => {
    const ending = new AbortController();
    const asked = refusal(getJson(url, { signal: ending.signal }));
    ending.abort();
    const error = await asked;
    expect(error.code).toBe("aborted");
    expect(failureOf(error)).toBeNull();
  });
});

describe("a change", () => {
  it("says that it comes from the console; reading needs not", async () => {
    answer = (request, response) => response.end(JSON.stringify({ from: request.headers["x-popcam-csrf"] ?? "" }));
    expect([await getJson(url), (await sendJson("DELETE", url)).body]).toEqual([{ from: "" }, { from: "1" }]);
  });
});

describe("a refusal", () => {
  const refuse = (status: number, code: string, headers: Record<string, string> = {}) => {
    answer = (_, response) => response.writeHead(status, headers).end(JSON.stringify({ ...PROBLEM, code, status }));
  };

  it("because nobody is signed in is told at once; a wrong password is not", async () => {
    let told = 0;
    onLoginNeeded(() => (told += 1));
    refuse(401, "access.login_failed");
    await refusal(sendJson("POST", url, {}));
    expect(told).toBe(0);
    refuse(401, "access.login_needed");
    expect((await refusal(getJson(url))).code).toBe("access.login_needed");
    expect(told).toBe(1);
    onLoginNeeded(() => undefined);
  });

  it.each([["30", 30], ["0", 0], ["Wed, 21 Oct 2026 07:28:00 GMT", null], ["-1", null]])("to be tried again after %j: %s", async (header, seconds) => {
    refuse(429, "access.too_many_requests", { "Retry-After": header });
    expect((await refusal(getJson(url))).retryAfterS).toBe(seconds);
  });
});

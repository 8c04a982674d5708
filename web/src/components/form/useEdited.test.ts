import { describe, expect, it, vi } from "vitest";

import { ApiError } from "../../api/client";
import type { JsonObject } from "./json";
import { useEdited, type Edition } from "./useEdited";

/** A server in memory that others may edit, too. */
function keeping(document: JsonObject) {
  const kept = { document, version: 1 };
  const edition = (): Edition => ({ document: kept.document, etag: String(kept.version) });
  const write = vi.fn((patch: JsonObject, etag: string | null): Promise<Edition> => {
    if (etag !== String(kept.version)) return Promise.reject(new ApiError("camera.conflict", 412, "", "", "", "", { changes: [] }));
    kept.document = { ...kept.document, ...patch };
    kept.version += 1;
    return Promise.resolve(edition());
  });
  const elsewhere = (changes: JsonObject) => {
    kept.document = { ...kept.document, ...changes };
    kept.version += 1;
  };
  return { kept, write, elsewhere, edited: useEdited({ read: () => Promise.resolve(edition()), write, schema: () => ({}) }) };
}

describe("useEdited", () => {
  it("saves only what changed, on the version that was read", async () => {
    const { edited, write } = keeping({ name: "a", fps: 1 });
    await edited.load();
    edited.set(["name"], "b");
    expect(edited.dirty.value).toBe(true);
    expect(await edited.save()).toEqual([["name"]]);
    expect(write).toHaveBeenCalledWith({ name: "b" }, "1");
    expect(edited.dirty.value).toBe(false);
  });

  it("keeps what was typed when somebody was faster, and says what they changed", async () => {
    const { edited, elsewhere } = keeping({ name: "a", fps: 1 });
    await edited.load();
    edited.set(["name"], "mine");
    elsewhere({ fps: 2 });
    expect(await edited.save()).toBeNull();
    expect(edited.value.value).toEqual({ name: "mine", fps: 1 });
    expect(edited.conflict.value?.differences).toMatchObject([{ key: "fps", before: 1, theirs: 2, clashes: false }]);
  });

  it("names a password that was changed, though it looks the same", async () => {
    const document = { source: { password: "***" }, name: "a" };
    const told = new ApiError("camera.conflict", 412, "", "", "", "", { changes: [{ key: "source.password", before: "***", now: "***" }] });
    const edited = useEdited({ read: () => Promise.resolve({ document, etag: "1" }), write: () => Promise.reject(told), schema: () => ({}) });
    await edited.load();
    edited.set(["name"], "b");
    await edited.save();
    expect(edited.conflict.value?.differences).toMatchObject([{ key: "source.password", theirs: "***" }]);
  });

  it("saves mine on top of theirs", async () => {
    const { edited, elsewhere, kept } = keeping({ name: "a", fps: 1 });
    await edited.load();
    edited.set(["name"], "mine");
    elsewhere({ fps: 2 });
    await edited.save();
    expect(await edited.saveOnTop()).toEqual([["name"]]);
    expect(kept.document).toEqual({ name: "mine", fps: 2 });
    expect(edited.conflict.value).toBeNull();
  });

  it("takes theirs", async () => {
    const { edited, elsewhere } = keeping({ name: "a", fps: 1 });
    await edited.load();
    edited.set(["name"], "mine");
    elsewhere({ fps: 2 });
    await edited.save();
    edited.takeTheirs();
    expect(edited.value.value).toEqual({ name: "a", fps: 2 });
    expect(edited.dirty.value).toBe(false);
  });

  it("shows a refusal until the value is another one", async () => {
    const { edited, write } = keeping({ source: { url: "x" } });
    await edited.load();
    const problems = [{ key: "source.url", reason: "no host", origin: "", line: 0, column: 0 }];
    write.mockRejectedValueOnce(new ApiError("camera.invalid", 422, "", "", "", "", { problems }));
    edited.set(["source", "url"], "rtsp://");
    expect(await edited.save()).toBeNull();
    expect(edited.refusals.value).toMatchObject([{ path: ["source", "url"], reason: "no host" }]);
    edited.set(["source", "url"], "rtsp://a");
    expect(edited.refusals.value).toEqual([]);
  });

  it("says so when the other one deleted it", async () => {
    const read = vi.fn<() => Promise<Edition>>().mockResolvedValueOnce({ document: { name: "a" }, etag: "1" });
    read.mockRejectedValue(new ApiError("camera.not_found", 404, "", ""));
    const gone = new ApiError("camera.conflict", 412, "", "");
    const edited = useEdited({ read, write: () => Promise.reject(gone), schema: () => ({}) });
    await edited.load();
    edited.set(["name"], "b");
    expect(await edited.save()).toBeNull();
    expect(edited.saveFailure.value).toBe(gone);
    expect(edited.value.value).toEqual({ name: "b" });
  });
});

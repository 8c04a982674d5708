import { effectScope } from "vue";
import { describe, expect, it } from "vitest";

import { ApiError } from "../../../api/client";
import type { Upload } from "../../../api/jobs";
import type { Sending } from "./sendFile";
import { useUploads } from "./uploads";

interface Wire {
  readonly file: File;
  readonly sending: Sending;
  readonly arrive: () => void;
  readonly fail: (error: unknown) => void;
}

const scope = effectScope();

/** Uploads whose bytes move only when the test says so. */
function begin() {
  const wires: Wire[] = [];
  const forgotten: string[] = [];
  const send = (file: File, sending: Sending) =>
    new Promise<Upload>((resolve, reject) => {
      const upload: Upload = { upload_id: file.name, input: `upload:${file.name}`, name: file.name, size_bytes: file.size, media_kind: "video" };
      sending.signal.addEventListener("abort", () => reject(new ApiError("aborted", 0, "", "")));
      wires.push({ file, sending, arrive: () => resolve(upload), fail: reject });
    });
  const uploads = scope.run(() => useUploads(send, (upload) => forgotten.push(upload.upload_id)));
  if (!uploads) throw new Error("no scope");
  return { uploads, wires, forgotten };
}

const video = (name: string, size = 10) => new File([new Uint8Array(size)], name, { type: "video/mp4" });
const settle = () => new Promise((resolve) => setTimeout(resolve));
const states = (uploads: ReturnType<typeof useUploads>) => uploads.list.value.map((sent) => sent.state);

describe("uploads", () => {
  it("send two at a time, and the next when one is there", async () => {
    const { uploads, wires } = begin();
    uploads.add([video("a.mp4"), video("b.mp4"), video("c.mp4")]);
    expect(states(uploads)).toEqual(["sending", "sending", "waiting"]);
    wires[1]?.arrive();
    await settle();
    expect(states(uploads)).toEqual(["sending", "there", "sending"]);
    expect(uploads.pending.value).toBe(true);
  });

  it("leave out what is neither video nor photo, and say how many", () => {
    const { uploads } = begin();
    uploads.add([video("a.mp4"), new File(["x"], "notes.txt", { type: "text/plain" })]);
    expect([uploads.list.value.length, uploads.ignored.value]).toEqual([1, 1]);
  });

  it("tell how many bytes of all are there", async () => {
    const { uploads, wires } = begin();
    uploads.add([video("a.mp4", 100), video("b.mp4", 50)]);
    wires[0]?.sending.progress(40);
    wires[1]?.arrive();
    await settle();
    expect([uploads.sentBytes.value, uploads.sizeBytes.value]).toEqual([90, 150]);
  });

  it("keep a failure with its file, and can be tried again", async () => {
    const { uploads, wires } = begin();
    uploads.add([video("a.mp4")]);
    wires[0]?.fail(new ApiError("upload.too_large", 413, "Too large", "Smaller"));
    await settle();
    const [sent] = uploads.list.value;
    expect([sent?.state, sent?.failure?.code]).toEqual(["failed", "upload.too_large"]);
    if (sent) uploads.again(sent);
    wires[1]?.arrive();
    await settle();
    expect(states(uploads)).toEqual(["there"]);
  });

  it("stop what is taken off the list, and go on with the next", async () => {
    const { uploads, wires } = begin();
    uploads.add([video("a.mp4"), video("b.mp4"), video("c.mp4")]);
    const [first] = uploads.list.value;
    if (first) uploads.remove(first);
    await settle();
    expect(wires[0]?.sending.signal.aborted).toBe(true);
    expect(wires.map(({ file }) => file.name)).toEqual(["a.mp4", "b.mp4", "c.mp4"]);
  });

  it("have the server forget what was there already", async () => {
    const { uploads, wires, forgotten } = begin();
    uploads.add([video("a.mp4")]);
    wires[0]?.arrive();
    await settle();
    uploads.clear();
    expect([uploads.list.value.length, forgotten]).toEqual([0, ["a.mp4"]]);
  });
});

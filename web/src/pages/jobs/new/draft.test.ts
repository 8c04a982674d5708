import { describe, expect, it } from "vitest";

import { newDraft, numberOf, patternsOf, specOf, wrongFields } from "./draft";

describe("specOf", () => {
  it("says all that counts for hiding faces, in the server's measures", () => {
    const draft = { ...newDraft("hide_faces"), margin: "30", smallest: "2,5", name: " Party ", quality: "small" as const };
    expect(specOf(draft, ["upload:a"])).toEqual({
      kind: "hide_faces",
      inputs: ["upload:a"],
      name: "Party",
      output_dir: "",
      on_conflict: "number",
      priority: 5,
      recursive: true,
      find: { detector: "yunet", min_score: null, smallest_face: 0.025 },
      hide: { style: "blur", margin: 0.3, lead_s: 0.5, hold_s: 0.5, gap_s: 2 },
      encode: { codec: "h264", quality: 28, preset: "veryfast", hardware: "none", copy_untouched: true, photo_quality: 95 },
    });
  });

  it("leaves out what a kind does not do", () => {
    expect(Object.keys(specOf(newDraft("find_faces"), []))).not.toContain("encode");
    const transcode = specOf({ ...newDraft("transcode"), smallest: "nonsense" }, []);
    expect([transcode.find, transcode.hide, transcode.encode?.copy_untouched]).toEqual([undefined, undefined, false]);
  });

  it("takes a number of one's own, and a least certainty", () => {
    const spec = specOf({ ...newDraft("hide_faces"), quality: "own", crf: "23", score: "55" }, []);
    expect([spec.encode?.quality, spec.find?.min_score]).toEqual([23, 0.55]);
  });

  it("names patterns only where there are some", () => {
    const spec = specOf({ ...newDraft("index"), include: "*.mp4， 2026/**/*.jpg,,", exclude: " " }, []);
    expect([spec.include, spec.exclude]).toEqual([["*.mp4", "2026/**/*.jpg"], undefined]);
  });
});

describe("wrongFields", () => {
  it("finds nothing wrong with a new draft of any kind", () => {
    for (const kind of ["hide_faces", "find_faces", "transcode", "index"] as const) expect(wrongFields(newDraft(kind))).toEqual([]);
  });

  it("names numbers that can't be, but only those that count", () => {
    const draft = { ...newDraft("hide_faces"), margin: "5", lead: "", gap: "many", crf: "99" };
    expect(wrongFields(draft)).toEqual(["margin", "lead", "gap"]);
    expect(wrongFields({ ...draft, kind: "find_faces" })).toEqual([]);
    expect(wrongFields({ ...draft, kind: "transcode", quality: "own" })).toEqual(["crf"]);
  });

  it("knows how long a pattern may be", () => {
    expect(wrongFields({ ...newDraft("index"), include: "x".repeat(257) })).toEqual(["include"]);
  });
});

describe("numberOf", () => {
  it.each([
    ["crf", "20", 20],
    ["crf", "20.5", null],
    ["lead", "0,25", 0.25],
    ["gap", "31", null],
    ["gap", "-1", null],
    ["smallest", "", null],
    ["smallest", "1e1", 10],
  ] as const)("reads %s %j as %j", (field, text, value) => {
    expect(numberOf(field, text)).toBe(value);
  });
});

describe("patternsOf", () => {
  it("takes commas of both kinds and new lines", () => {
    expect(patternsOf("a, b，c\nd")).toEqual(["a", "b", "c", "d"]);
  });
});

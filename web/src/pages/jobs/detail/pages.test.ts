import { describe, expect, it } from "vitest";

import type { ItemState, JobItem } from "../../../api/jobs";
import { itemsOf, pageOf, unsettled, withPage, type ReadPage } from "./pages";

const item = (id: number, state: ItemState = "succeeded"): JobItem => ({
  item_id: id,
  job_id: "j",
  source: `/in/${String(id)}.mp4`,
  output: "",
  state,
  fraction: 0,
  frames: 0,
  frames_copied: 0,
  faces: 0,
  bytes_in: 0,
  bytes_out: 0,
  problems: [],
  source_url: "",
  output_url: null,
});
const page = (cursor: string | null, next: string | null, ...items: JobItem[]): ReadPage => pageOf(cursor, { items, next_cursor: next });
const ids = (pages: readonly ReadPage[]) => itemsOf(pages).map(({ item_id: id }) => id);

describe("pages of files", () => {
  it("follow each other", () => {
    expect(ids(withPage([page(null, "b", item(1), item(2))], page("b", null, item(3))))).toEqual([1, 2, 3]);
  });

  it("are replaced where they were read again", () => {
    const pages = [page(null, "b", item(1, "running")), page("b", null, item(2))];
    const now = withPage(pages, page(null, "b", item(1)));
    expect(itemsOf(now).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  });

  it("hold each file once, with what was read last", () => {
    expect(ids([page(null, "b", item(1), item(2)), page("b", null, item(2), item(3))])).toEqual([1, 2, 3]);
  });
});

describe("unsettled", () => {
  it("are those with files that are not through", () => {
    const pages = [page(null, "b", item(1)), page("b", "c", item(2, "running")), page("c", "d", item(3, "queued")), page("d", "e", item(4))];
    expect(unsettled(pages, 5).map(({ cursor }) => cursor)).toEqual(["b", "c"]);
    expect(unsettled(pages, 1).map(({ cursor }) => cursor)).toEqual(["b"]);
  });

  it("include the end of the list, which may still grow", () => {
    expect(unsettled([page(null, null)], 5)).toHaveLength(1);
  });
});

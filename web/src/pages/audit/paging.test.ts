import { describe, expect, it } from "vitest";

import type { AuditEntry } from "../../api/access";
import { withFresh, withOlder } from "./paging";

const entries = (...seqs: number[]) => seqs.map((seq) => ({ seq }) as AuditEntry);

describe("the list", () => {
  it("grows downwards by pages, each entry once", () => {
    expect(withOlder(entries(5, 4), entries(4, 3))).toEqual(entries(5, 4, 3));
  });

  it("grows upwards by news, in order, each once", () => {
    const list = withFresh(withFresh(entries(4, 3), entries(6)[0] as AuditEntry), entries(5)[0] as AuditEntry);
    expect(list).toEqual(entries(6, 5, 4, 3));
    expect(withFresh(list, entries(5)[0] as AuditEntry)).toBe(list);
  });

  it("never grows without end", () => {
    const many = entries(...Array.from({ length: 2_000 }, (_, index) => 3_000 - index));
    expect(withFresh(many, entries(4_000)[0] as AuditEntry)).toHaveLength(2_000);
  });
});

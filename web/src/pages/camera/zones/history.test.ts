import { describe, expect, it } from "vitest";

import { advance, amend, begin, redo, undo } from "./history";

describe("history", () => {
  const three = advance(advance(begin("a"), "b"), "c");

  it("goes back and forth", () => {
    expect(undo(three).now).toBe("b");
    expect(undo(undo(three)).now).toBe("a");
    expect(redo(undo(three)).now).toBe("c");
  });

  it("stays at its ends", () => {
    expect(undo(begin("a")).now).toBe("a");
    expect(redo(three).now).toBe("c");
  });

  it("forgets what was undone when something new happens", () => {
    expect(redo(advance(undo(three), "d")).now).toBe("d");
  });

  it("counts an amended step once", () => {
    expect(undo(amend(three, "c2")).now).toBe("b");
  });

  it("keeps a bounded past", () => {
    let history = begin(0);
    for (let step = 1; step <= 500; step++) history = advance(history, step);
    expect(history.past.length).toBe(100);
  });
});

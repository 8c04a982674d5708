import { describe, expect, it } from "vitest";

import { Meanwhile } from "./meanwhile";

describe("what is told while an answer is on its way", () => {
  it("comes with the answer, in order; what was told before and after does not", async () => {
    const meanwhile = new Meanwhile<string>();
    meanwhile.note("before");
    let answer: (text: string) => void = () => undefined;
    const read = meanwhile.during(() => new Promise<string>((resolve) => (answer = resolve)));
    meanwhile.note("first");
    meanwhile.note("second");
    answer("answer");
    expect(await read).toEqual(["answer", ["first", "second"]]);
    meanwhile.note("after");
    expect(await meanwhile.during(() => Promise.resolve("again"))).toEqual(["again", []]);
  });

  it("is noted for each of several answers, and for none that failed", async () => {
    const meanwhile = new Meanwhile<string>();
    const fails = meanwhile.during(() => Promise.reject(new Error("away")));
    const answers = [1, 2].map((answer) => meanwhile.during(() => Promise.resolve(answer)));
    meanwhile.note("news");
    await expect(fails).rejects.toThrow("away");
    expect(await Promise.all(answers)).toEqual([[1, ["news"]], [2, ["news"]]]);
  });
});

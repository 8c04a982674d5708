import { describe, expect, it } from "vitest";

import { svgPicture } from "./svgPicture";

const shown = (svg: string) => decodeURIComponent(svgPicture(svg).slice("data:image/svg+xml,".length));

describe("a picture of the server", () => {
  it("gets its namespace where it lacks one", () => {
    expect(shown('<svg width="9"><path/></svg>')).toBe('<svg xmlns="http://www.w3.org/2000/svg" width="9"><path/></svg>');
  });

  it("stays as it is where it has one", () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path fill="#000"/></svg>';
    expect(shown(svg)).toBe(svg);
  });
});

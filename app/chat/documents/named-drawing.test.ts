import { expect, test } from "vitest";
import { namedDrawing } from "./named-drawing.ts";

const NAME = 'xmlns="http://www.w3.org/2000/svg"';

test.each([
  ["<svg><path/></svg>", `<svg ${NAME}><path/></svg>`],
  ["<!-- first -->\n<SVG width='4'>", `<!-- first -->\n<svg ${NAME} width='4'>`],
  [`<svg width="4" ${NAME}>`, `<svg width="4" ${NAME}>`],
  [`<svg\nxmlns = "x">`, `<svg\nxmlns = "x">`],
  [`<svg><svg ${NAME}/></svg>`, `<svg ${NAME}><svg ${NAME}/></svg>`],
  ["no drawing", "no drawing"],
])("%j is an image that browsers know", (text, named) => expect(namedDrawing(text)).toBe(named));

test.each([
  ["tags that do not end", "<svg"],
  ["spaces", "<svg xmlns "],
])("200,000 signs of %s are looked at once", (_, piece) => {
  const began = performance.now();
  namedDrawing(piece.repeat(200_000 / piece.length));
  // Linear: a millisecond. Quadratic: five seconds.
  expect(performance.now() - began).toBeLessThan(1_000);
});

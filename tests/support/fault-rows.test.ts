import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const FOLDER = path.resolve(import.meta.dirname, "../faults");
const LAST = 27;

test("every fault from F1 to F27 has a row that names it", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".test.ts"));
  const titles = files.flatMap((file) => [
    ...readFileSync(path.join(FOLDER, file), "utf8").matchAll(/\brow\(\s*["'`]F(\d+): /g),
  ]);
  const proved = new Set(titles.map(([, number]) => Number(number)));
  const missing = Array.from({ length: LAST }, (_, at) => at + 1).filter((number) => !proved.has(number));
  expect(missing).toEqual([]);
});

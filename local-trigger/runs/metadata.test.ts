import { expect, test } from "vitest";
import { applyOperations } from "./metadata.ts";

test("operations apply in order, to plain and to nested keys", () => {
  const metadata = applyOperations({ count: 1, list: ["a"], old: true }, [
    { type: "set", key: "$.deep.er", value: 1 },
    { type: "increment", key: "count", value: 2 },
    { type: "increment", key: "$.deep.er", value: 4 },
    { type: "append", key: "list", value: { b: 1 } },
    { type: "append", key: "fresh", value: 1 },
    { type: "remove", key: "list", value: "a" },
    { type: "delete", key: "old" },
  ]);
  expect(metadata).toEqual({ count: 3, list: [{ b: 1 }], deep: { er: 5 }, fresh: [1] });
});

test("an update replaces everything, and later operations apply to what it brought", () => {
  const metadata = applyOperations({ gone: 1 }, [
    { type: "update", value: { n: 1 } },
    { type: "increment", key: "n", value: 1 },
  ]);
  expect(metadata).toEqual({ n: 2 });
});

test("what is given stays as it was, and no key reaches the prototype", () => {
  const before = { list: [1] };
  applyOperations(before, [
    { type: "append", key: "list", value: 2 },
    { type: "set", key: "$.__proto__.polluted", value: true },
    { type: "set", key: "constructor", value: true },
  ]);
  expect(before).toEqual({ list: [1] });
  expect({}).not.toHaveProperty("polluted");
});

import { expect, test } from "vitest";
import { ageOf, groupByAge } from "./group-by-age.ts";

test("chats stay in order, in groups by age, and empty groups are left out", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  const at = (id: string, updatedAt: string) => ({ id, title: null, age: ageOf(new Date(updatedAt), now) });
  const chats = [
    at("a", "2026-11-22T12:00:01Z"),
    at("b", "2026-11-21T13:00:00Z"),
    at("c", "2026-11-17T12:00:00Z"),
    at("d", "2025-01-01T00:00:00Z"),
  ];
  expect(groupByAge(chats).map((group) => [group.name, group.chats.map(({ id }) => id).join("")])).toEqual([
    ["Last 24 hours", "ab"],
    ["Last 7 days", "c"],
    ["Earlier", "d"],
  ]);
});

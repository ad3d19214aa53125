import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prune } from "./build.mjs";

let base: string;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), "longrun-builds-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function build(name: string, hoursOld: number, user?: number) {
  const users = path.join(base, name, ".in-use");
  mkdirSync(users, { recursive: true });
  if (user !== undefined) writeFileSync(path.join(users, String(user)), "");
  const at = new Date(Date.now() - hoursOld * 3_600_000);
  utimesSync(path.join(base, name), at, at);
}

test("a build that a living process runs is kept, however many newer ones there are", () => {
  build("oldest-but-running", 9, process.pid);
  build("old", 8, 2 ** 30);
  build("newer", 2);
  build("newest", 1);
  prune(base);
  const kept = ["oldest-but-running", "old", "newer", "newest"].filter((name) =>
    existsSync(path.join(base, name)),
  );
  expect(kept).toEqual(["oldest-but-running", "newer", "newest"]);
});

test("what a killed build left behind is removed", () => {
  build("abc.draft", 0);
  prune(base);
  expect(existsSync(path.join(base, "abc.draft"))).toBe(false);
});

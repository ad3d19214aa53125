import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build as bundle } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aliases, HOST_ENTRIES, PARTS, prune } from "./build.mjs";

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

test.each([
  ["host", Object.values(HOST_ENTRIES)],
  ["tasks", ["trigger/chat.ts", "trigger/delegate.ts", "trigger/research.ts"]],
] as const)("%s is built anew when any file changes that goes into it", async (part, entryPoints) => {
  const root = path.resolve(".");
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: [...entryPoints],
    outdir: base,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    plugins: [aliases(root)],
  });
  const watched = (file: string) =>
    PARTS[part].sources.some((source) => file === source || file.startsWith(`${source}/`)) ||
    // Made from the schema, which is watched.
    file.startsWith("prisma/generated/");
  expect(Object.keys(metafile.inputs).filter((file) => !watched(file))).toEqual([]);
});

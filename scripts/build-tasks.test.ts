import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildTasks } from "./build-tasks.mjs";

const root = path.resolve(import.meta.dirname, "..");
let projectDir: string;

beforeEach(() => {
  // Inside of the repository, where the packages are found.
  mkdirSync(path.join(root, "build"), { recursive: true });
  projectDir = mkdtempSync(path.join(root, "build/test-tasks-"));
  mkdirSync(path.join(projectDir, "trigger"));
  writeFileSync(
    path.join(projectDir, "trigger.config.ts"),
    `export default { project: "proj_longrun", runtime: "node", dirs: ["./trigger"], maxDuration: 60 };`,
  );
});
afterEach(() => rmSync(projectDir, { recursive: true, force: true }));

test("two builds of the same sources are the same, to the byte and without a path of this machine in the manifests", async () => {
  // A native package and the WebAssembly of the database client: what a bundler trips over.
  writeTask(`
    import { task } from "@trigger.dev/sdk";
    import { hash } from "@node-rs/argon2";
    import { db } from "#app/models/db.server.ts";
    export const native = task({ id: "native", run: async () => [await hash("x"), await db().chat.count()] });
  `);
  const outDir = path.join(projectDir, "out");
  const first = await buildTasks({ projectDir, outDir });
  const before = contents(outDir);
  const second = await buildTasks({ projectDir, outDir });
  expect(second).toMatchObject({ contentHash: first.contentHash, tasks: ["native"] });
  expect(contents(outDir)).toEqual(before);
  expect(before["index.json"]).not.toContain(root);
  expect(before["build.json"]).not.toContain(root);
  expect(readdirSync(projectDir).sort()).toEqual(["out", "trigger", "trigger.config.ts"]);
}, 120_000);

test("a task file that cannot be loaded fails the build by its name, and leaves the earlier build alone", async () => {
  const outDir = path.join(projectDir, "out");
  mkdirSync(outDir);
  writeFileSync(path.join(outDir, "index.json"), "the earlier build");
  writeTask(`throw new Error("not today");`);
  await expect(buildTasks({ projectDir, outDir })).rejects.toThrow(/trigger\/task\.ts.*not today/s);
  expect(contents(outDir)).toEqual({ "index.json": "the earlier build" });
}, 120_000);

function writeTask(source: string): void {
  writeFileSync(path.join(projectDir, "trigger/task.ts"), source);
}

/** Files at the top of a build, by name. */
function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map(({ name }) => [name, readFileSync(path.join(dir, name), "utf8")]));
}

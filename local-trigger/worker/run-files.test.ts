import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { PidFiles } from "./run-files.ts";

const folder = mkdtempSync(path.join(tmpdir(), "longrun-run-files-"));
const dir = path.join(folder, "runs");

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what a disk without room can not take ends no run, and is there again when it has room", () => {
  const files = new PidFiles(dir);
  rmSync(dir, { recursive: true });
  writeFileSync(dir, "nothing can be written below a file");
  files.claim("run_a");
  files.write("run_a", 4711);
  rmSync(dir);
  const later = new PidFiles(dir);
  later.claim("run_b");
  later.write("run_b", 4712);
  expect(later.list()).toEqual([{ runId: "run_b", pid: 4712 }]);
});

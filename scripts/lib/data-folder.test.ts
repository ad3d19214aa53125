import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { localSecrets } from "./data-folder.mjs";

const folders = [1, 2].map(() => mkdtempSync(path.join(tmpdir(), "longrun-secrets-")));
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

test("S24: each installation makes secrets of its own, long, readable to its owner alone, and keeps them", () => {
  const made = folders.map((folder): string[] => Object.values(localSecrets(folder)));
  const all = made.flat();
  expect(new Set(all).size).toBe(6);
  for (const secret of all) expect(secret).toMatch(/[\w-]{40,}$/);
  for (const folder of folders) {
    const files = readdirSync(folder);
    expect(files.sort()).toEqual(["session-secret", "trigger-access-token", "trigger-secret-key"]);
    for (const file of files) {
      expect(statSync(path.join(folder, file)).mode & 0o777, file).toBe(0o600);
      expect(all).toContain(readFileSync(path.join(folder, file), "utf8").trim());
    }
  }
  expect(Object.values(localSecrets(folders[0] ?? ""))).toEqual(made[0]);
});

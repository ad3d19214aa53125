import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { cleanEnv } from "./app.ts";

afterEach(() => void vi.unstubAllEnvs());

/** Every variable that the application's own parsers name. */
function ownNames(): string[] {
  const files = ["app/env.server.ts", "local-trigger/config.ts", "local-trigger/worker/config.ts"];
  const fields = files.flatMap(
    (file) => readFileSync(file, "utf8").match(/^ {2}[A-Z][A-Z0-9_]+(?=: )/gm) ?? [],
  );
  const offered = readFileSync(".env.example", "utf8").match(/^#?[A-Z0-9_]+(?==)/gm) ?? [];
  return [...new Set([...fields, ...offered].map((name) => name.replace(/^[ #]+/, "")))];
}

test("no variable of a developer's environment changes the application of a test", () => {
  const names = ownNames();
  expect(names.length).toBeGreaterThan(40);
  for (const name of names) vi.stubEnv(name, "a developer's");
  const left = Object.entries(cleanEnv({ SIGNUP: "closed" }));
  expect(left.filter(([, value]) => value === "a developer's")).toEqual([]);
  expect(Object.fromEntries(left).SIGNUP).toBe("closed");
});

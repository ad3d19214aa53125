import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { INTENTS, intentOf } from "./intents.ts";

const app = path.dirname(import.meta.dirname);

test("no action reads an intent but from the lists, so that none is missing in them", () => {
  const readers = ["server", "routes", "models"].flatMap((folder) =>
    readdirSync(path.join(app, folder))
      .filter((file) => /get\(["']intent["']\)/.test(readFileSync(path.join(app, folder, file), "utf8")))
      .map((file) => `${folder}/${file}`),
  );
  expect(readers).toEqual(["server/intents.ts"]);
});

test.each(Object.keys(INTENTS) as (keyof typeof INTENTS)[])("%s takes its own intents alone", (route) => {
  const asked = (intent: string) => {
    const form = new FormData();
    form.set("intent", intent);
    return intentOf(route, form);
  };
  for (const intent of INTENTS[route]) expect(asked(intent)).toBe(intent);
  for (const intent of ["", "constructor", "toString", "0", "nonsense"]) expect(asked(intent)).toBeNull();
  expect(intentOf(route, new FormData())).toBeNull();
});

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const read = (file: string): unknown => JSON.parse(readFileSync(path.resolve(file), "utf8"));

const exact = z.string().regex(/^\d+\.\d+\.\d+/);
const advisory = z.strictObject({ id: z.string(), from: exact.optional(), fixed: exact });
/** `accepted`: copies whose hole nothing here can reach, each with the reason. */
const { fixedIn: advisories, accepted } = z
  .strictObject({
    fixedIn: z.record(z.string(), z.array(advisory).min(1)),
    accepted: z.record(z.string(), z.string().min(20)),
  })
  .parse(read("scripts/advisories.json"));

const { packages: locked } = z
  .object({
    lockfileVersion: z.literal(3),
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        integrity: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
      }),
    ),
  })
  .parse(read("package-lock.json"));

const own = z
  .object({ dependencies: z.record(z.string(), z.string()), allowScripts: z.record(z.string(), z.boolean()) })
  .parse(read("package.json"));

const nameOf = (place: string): string =>
  place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);

/** Every copy of every package, at the version that is on the disk, or that the lock file names for another platform. */
const copies = Object.entries(locked)
  .filter(([place]) => place !== "")
  .map(([place, { version = "" }]) => {
    const manifest = path.join(place, "package.json");
    const installed = existsSync(manifest)
      ? z.object({ version: z.string() }).parse(read(manifest)).version
      : version;
    return { place, name: nameOf(place), version: installed };
  });

const numbers = (version: string): number[] => version.split(/[-+]/)[0]?.split(".").map(Number) ?? [];

function isBelow(version: string, than: string): boolean {
  const [a, b] = [numbers(version), numbers(than)];
  const at = [0, 1, 2].find((index) => a[index] !== b[index]);
  return at !== undefined && (a[at] ?? 0) < (b[at] ?? 0);
}

/** The advisories that a version of a package still has. */
const openAdvisories = (name: string, version: string): string[] =>
  (Object.hasOwn(advisories, name) ? (advisories[name] ?? []) : [])
    .filter(({ from = "0.0.0", fixed }) => !isBelow(version, from) && isBelow(version, fixed))
    .map(({ id, fixed }) => `${name} ${version} has ${id}: at least ${fixed}`);

test("S23: no copy of a package lies below the version that mended a known hole", () => {
  expect(copies.length).toBeGreaterThan(500);
  const open = copies.filter(({ name, version }) => openAdvisories(name, version).length > 0);
  const told = open.filter(({ name, version }) => !Object.hasOwn(accepted, `${name} ${version}`));
  expect(told.flatMap(({ name, version }) => openAdvisories(name, version))).toEqual([]);
  const stale = Object.keys(accepted).filter(
    (one) => !open.some(({ name, version }) => `${name} ${version}` === one),
  );
  expect(stale, "accepted, but mended or gone").toEqual([]);
});

test("S23: a version below is found, in each line of versions, and one above is not", () => {
  expect(openAdvisories("js-yaml", "3.14.1")).toHaveLength(1);
  expect(openAdvisories("js-yaml", "4.1.0")).toHaveLength(1);
  expect(openAdvisories("js-yaml", "4.1.1")).toEqual([]);
  expect(openAdvisories("ws", "8.9.0")).toHaveLength(1);
  expect(openAdvisories("ws", "7.5.9")).toEqual([]);
});

test("S23: the advisories are about packages that are here", () => {
  const here = new Set(copies.map(({ name }) => name));
  expect(Object.keys(advisories).filter((name) => !here.has(name))).toEqual([]);
});

test("S23: what is installed is what the lock file says, byte for byte, and what we name is exact", () => {
  const unsealed = Object.entries(locked).filter(([place, { integrity }]) => place !== "" && !integrity);
  expect(unsealed.map(([place]) => place)).toEqual([]);
  const other = copies.filter(({ place, version }) => version !== locked[place]?.version);
  expect(other).toEqual([]);
  const loose = Object.entries(own.dependencies).filter(
    ([, version]) => !/^\d+\.\d+\.\d+[-.\w]*$/.test(version),
  );
  expect(loose).toEqual([]);
});

test("S23: of every package that would run a script when it is installed, somebody has decided whether it may", () => {
  const withScripts = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(withScripts.length).toBeGreaterThan(2);
  const undecided = withScripts
    .map(([place]) => nameOf(place))
    .filter((name) => !Object.hasOwn(own.allowScripts, name));
  expect([...new Set(undecided)]).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let throttles: typeof import("./throttle.server.ts");
let models: typeof import("#app/models/db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  throttles = await import("./throttle.server.ts");
  models = await import("#app/models/db.server.ts");
});
afterAll(async () => {
  await models.disconnect();
  await database.drop();
});

const throttle = (name: string, limit: number, windowMs = 60_000) =>
  new throttles.Throttle({ name, limit, windowMs });

test("a key is held back after its limit, alone, until its window ends", async () => {
  const few = throttle("few", 2);
  expect([await few.take("ada"), await few.take("ada"), await few.take("bob")]).toEqual([0, 0, 0]);
  const wait = await few.take("ada");
  expect(wait).toBeGreaterThan(55);
  expect(wait).toBeLessThanOrEqual(60);
  expect(await few.take("bob")).toBe(0);
  await models.db().throttleWindow.updateMany({ data: { endsAt: new Date(Date.now() - 1) } });
  expect(await few.take("ada")).toBe(0);
});

test("another web server, or the next one after a restart, counts on", async () => {
  await throttle("shared", 1).take("ada");
  expect(await throttle("shared", 1).take("ada")).toBeGreaterThan(0);
  expect(await throttle("another", 1).take("ada"), "another throttle has its own").toBe(0);
});

test("tries that come all at once do not pass together", async () => {
  const burst = throttle("burst", 5);
  const waits = await Promise.all(Array.from({ length: 20 }, () => burst.take("ada")));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
});

test("what was forgiven or cleared does not count", async () => {
  const one = throttle("one", 1);
  await one.take("ada");
  await one.forgive("ada");
  expect(await one.take("ada")).toBe(0);
  await one.clear("ada");
  expect(await one.take("ada")).toBe(0);
});

test("windows that have ended are deleted, and the rows tell neither address nor account", async () => {
  await throttle("old", 1).take("ada@example.org");
  await models.db().throttleWindow.updateMany({ data: { endsAt: new Date(Date.now() - 1) } });
  await throttle("new", 1).take("203.0.113.9");
  const rows = await models.db().throttleWindow.findMany();
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toMatch(/203|example/);
});

test.each([
  ["203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8::6", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["unknown", "unknown"],
])("%s counts as %s", (ip, key) => {
  expect(throttles.addressKey(ip)).toBe(key);
});

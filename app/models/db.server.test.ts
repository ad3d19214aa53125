import { afterAll, beforeAll, expect, it } from "vitest";
import { disconnect, transaction } from "#app/models/db.server.ts";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
});
afterAll(async () => {
  await disconnect();
  await database.drop();
});

it("lets everyone of a burst have a turn, when all connections are taken for longer than two seconds", async () => {
  const slow = () =>
    transaction((tx) => tx.$queryRaw<{ done: number }[]>`SELECT 1 AS done FROM pg_sleep(0.7)`);
  const all = await Promise.allSettled(Array.from({ length: 20 }, slow));
  expect(all.filter(({ status }) => status === "rejected")).toEqual([]);
});

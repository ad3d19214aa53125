import pg from "pg";
import { expect, test } from "vitest";
import { testDatabase } from "./database.ts";

test("a test database has the tables of the Prisma schema and no rows", async () => {
  const database = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS n FROM "Chat"');
  expect(rows).toEqual([{ n: 0 }]);
  await client.end();
  await database.drop();
});

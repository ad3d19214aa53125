import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../tests/support/database.ts";

let database: TestDatabase;
let users: typeof import("./user.server.ts");
let models: typeof import("./db.server.ts");

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  users = await import("./user.server.ts");
  models = await import("./db.server.ts");
});
afterAll(async () => {
  await models.disconnect();
  await database.drop();
});

test("of first sign-ups that come at once one is the admin", async () => {
  for (let round = 0; round < 5; round++) {
    await models.db().user.deleteMany();
    const made = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        users.createUser({ email: `${n}@example.test`, name: "First", passwordHash: "hash" }),
      ),
    );
    const roles = made.map((user) => user?.role);
    expect(roles.filter((role) => role === "admin")).toHaveLength(1);
    expect(roles.filter((role) => role === "member")).toHaveLength(5);
  }
});

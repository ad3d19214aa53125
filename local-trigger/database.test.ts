import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDatabase, type TestDatabase } from "../tests/support/database.ts";
import { Database, lockKey } from "./database.ts";
import { DatabaseInUse } from "./owner-lock.ts";

describe("the database of local-trigger", () => {
  let test: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    test = await emptyDatabase();
    db = await Database.open(test.url);
  });
  afterEach(async () => {
    await db.close();
    await test.drop();
  });

  it("refuses a second server on the same database with one clear line, and lets it in once the first is gone", async () => {
    await expect(Database.open(test.url, { lockWaitMs: 0 })).rejects.toBeInstanceOf(DatabaseInUse);
    await db.close();
    db = await Database.open(test.url, { lockWaitMs: 0 });
  });

  it("applies each migration once", async () => {
    const count = async () =>
      (await db.query<{ n: number }>("select count(*) as n from local_trigger.migrations")).rows[0]?.n;
    const before = await count();
    await db.close();
    db = await Database.open(test.url);
    expect(before).toBeGreaterThan(1);
    expect(await count()).toBe(before);
  });

  it("runs callbacks after the commit, in order, and none of an undone savepoint", async () => {
    const ran: string[] = [];
    await db.transaction(async (tx) => {
      tx.afterCommit(() => ran.push("a"));
      await tx
        .savepoint(async () => {
          tx.afterCommit(() => ran.push("undone"));
          await tx.query("select 1 / $1::int", [0]);
        })
        .catch(() => {});
      tx.afterCommit(() => ran.push("b"));
      await tx.query("select 1");
      expect(ran).toEqual([]);
    });
    expect(ran).toEqual(["a", "b"]);
  });

  it("serialises transactions that lock the same key", async () => {
    const order: string[] = [];
    const step = (name: string) =>
      db.transaction(async (tx) => {
        await lockKey(tx, "k");
        order.push(`${name} in`);
        await tx.query("select pg_sleep(0.02)");
        order.push(`${name} out`);
      });
    await Promise.all([step("a"), step("b")]);
    expect(order[0]?.[0]).toBe(order[1]?.[0]);
    expect(order[2]?.[0]).toBe(order[3]?.[0]);
  });

  it("takes its lock anew and answers again after Postgres has cut every connection", async () => {
    const admin = new pg.Client({ connectionString: test.url });
    await admin.connect();
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    const owners = async () =>
      (await admin.query("select 1 from pg_locks where locktype = 'advisory' and granted")).rowCount;
    await expect.poll(owners, { timeout: 5000 }).toBe(1);
    await admin.end();
    await expect
      .poll(() => db.query<{ one: number }>("select 1 as one").then((r) => r.rows[0]?.one, String), {
        timeout: 5000,
      })
      .toBe(1);
  });
});

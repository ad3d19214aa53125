import { describe, expect, it } from "vitest";
import { emptyDatabase } from "../../tests/support/database.ts";
import { Database } from "../database.ts";
import { PostgresStreamStore } from "./postgres-stream-store.ts";
import { streamStoreContract } from "./stream-store.contract.ts";
import { TokenCipher } from "./token-cipher.ts";

const trimDelayMs = 1_500;
const tokens = new TokenCipher("a secret key of the tests");

streamStoreContract("the Postgres stream store", async () => {
  const { url, drop } = await emptyDatabase();
  const db = await Database.open(url);
  const store = new PostgresStreamStore(db, { trimDelayMs, tokens });
  return {
    store,
    trim: () => store.trim(),
    trimDelayMs,
    reopened: () => new PostgresStreamStore(db, { trimDelayMs, tokens }),
    stop: async () => {
      await db.close();
      await drop();
    },
  };
});

describe("the Postgres stream store in a transaction", () => {
  it("shows an append and wakes its readers only after the commit, and never after a rollback", async () => {
    const { url, drop } = await emptyDatabase();
    const db = await Database.open(url);
    const store = new PostgresStreamStore(db, { tokens });
    const woken: string[] = [];
    store.watch("runs/r/s", () => woken.push("woken"));

    await db.transaction(async (tx) => {
      await store.append("runs/r/s", [{ body: "kept" }], { tx });
      expect(await store.read("runs/r/s", { from: 0 })).toEqual([]);
      expect(await store.read("runs/r/s", { from: 0, tx })).toHaveLength(1);
      expect(woken).toEqual([]);
    });
    expect(woken).toEqual(["woken"]);

    const failed = db.transaction(async (tx) => {
      await store.append("runs/r/s", [{ body: "lost" }], { tx });
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(woken).toEqual(["woken"]);
    expect(await store.append("runs/r/s", [{ body: "next" }])).toMatchObject({ first: 1 });

    await db.close();
    await drop();
  });
});

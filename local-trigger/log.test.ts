import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyDatabase, type TestDatabase } from "../tests/support/database.ts";
import { Database } from "./database.ts";
import { createLog, describeError } from "./log.ts";

describe("a described error", () => {
  const words = "I don't want anybody to read this";
  let database: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await emptyDatabase();
    db = await Database.open(database.url);
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  const thrownBy = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      return describeError(error);
    }
    throw new Error("nothing was thrown");
  };

  test("of Postgres names its code and constraint, and never the value that it quotes", async () => {
    const number = await thrownBy(() => db.query("SELECT $1::text::bigint", [words]));
    expect(number).toMatch(/22P02: invalid input syntax for type bigint: "…"$/);
    const twice = await thrownBy(() =>
      db.transaction(async (tx) => {
        await tx.query("CREATE TEMP TABLE said (words text CONSTRAINT said_once UNIQUE)");
        await tx.query("INSERT INTO said VALUES ($1), ($1)", [words]);
      }),
    );
    expect(twice).toContain("23505 said_once: duplicate key value");
    for (const line of [number, twice]) expect(line).not.toContain("anybody");
  });

  test("of JSON.parse does not hold the text that is none", async () => {
    for (const text of [words, `{"a": ${words}`, `"${words}`, `{"text": "it's \\x"}`]) {
      const line = await thrownBy(() => JSON.parse(text));
      expect(line).toMatch(/^SyntaxError: /);
      for (const word of ["don't", "want", "anybody", "it's"]) expect(line).not.toContain(word);
    }
  });

  test("keeps its first line, and what is thrown without being an error is not written at all", async () => {
    expect(await thrownBy(() => Promise.reject(new TypeError("fetch failed\nat x")))).toBe(
      "TypeError: fetch failed",
    );
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    expect(describeError(reset)).toBe("Error ECONNRESET: read ECONNRESET");
    expect(describeError(words)).toBe("A thrown string");
  });
});

test("a line of the log is one JSON object, from its level upwards", () => {
  const lines: string[] = [];
  const log = createLog("warn", (line) => void lines.push(line));
  log.info("too.little");
  log.warn("seen", { runId: "run_1", text: "two\nlines" });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", event: "seen", runId: "run_1" });
  expect(lines[0]).not.toContain("\n");
});

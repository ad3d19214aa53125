import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const good = {
  DATABASE_URL: "postgres://localhost/x",
  TRIGGER_SECRET_KEY: "tr_dev_0123456789abcdef",
  TRIGGER_ACCESS_TOKEN: "tr_pat_x",
};

describe("the environment of local-trigger", () => {
  it("has defaults for all that can have one; empty counts as unset", () => {
    expect(readConfig({ ...good, TRIGGER_PORT: "" })).toMatchObject({
      TRIGGER_HOST: "127.0.0.1",
      TRIGGER_PORT: 3030,
      TRIGGER_PROJECT_REF: "proj_longrun",
      TRIGGER_RETENTION_DAYS: 14,
    });
  });

  it.each([
    [{ DATABASE_URL: undefined }, "DATABASE_URL is missing"],
    [{ TRIGGER_RETENTION_DAYS: "0" }, "TRIGGER_RETENTION_DAYS"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL must be a postgres:// address"],
    [{ TRIGGER_SECRET_KEY: "short" }, "TRIGGER_SECRET_KEY must have at least 16 characters"],
    [{ TRIGGER_SECRET_KEY: `tr_dev_sk_${"a".repeat(24)}` }, "TRIGGER_SECRET_KEY must not have the form"],
    [{ TRIGGER_ACCESS_TOKEN: "x" }, "TRIGGER_ACCESS_TOKEN must begin with tr_pat_"],
    [{ TRIGGER_PORT: "99999" }, "TRIGGER_PORT"],
  ])("names the wrong variable in one line: %j", (change, line) => {
    const result = readConfig({ ...good, ...change });
    expect(result).toHaveProperty("error", expect.stringContaining(line));
    expect("error" in result && result.error).not.toContain("\n");
  });
});

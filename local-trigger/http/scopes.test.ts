import { describe, expect, it } from "vitest";
import { allows } from "./scopes.ts";

const may = (scopes: string[], action: string, ...resources: { type: string; id?: string }[]) =>
  allows({ kind: "jwt", scopes, expires: Infinity }, action, resources);

describe("token scopes", () => {
  it("let the secret key do everything, and nobody and the access token nothing", () => {
    const resource = [{ type: "sessions", id: "a" }];
    expect(allows({ kind: "secret" }, "write", resource)).toBe(true);
    expect(allows({ kind: "pat" }, "write", resource)).toBe(false);
    expect(allows(null, "write", resource)).toBe(false);
  });

  it("need the same action, type and id; without an id they cover all of the type", () => {
    const a = { type: "sessions", id: "a" };
    expect(may(["read:sessions:a"], "read", a)).toBe(true);
    expect(may(["read:sessions:b"], "read", a)).toBe(false);
    expect(may(["write:sessions:a"], "read", a)).toBe(false);
    expect(may(["read:tasks:a"], "read", a)).toBe(false);
    expect(may(["read:sessions"], "read", a)).toBe(true);
    expect(may(["read:sessions:a"], "read", { type: "sessions" })).toBe(false);
  });

  it("split only at the first two colons", () => {
    expect(may(["read:sessions:a:b:c"], "read", { type: "sessions", id: "a:b:c" })).toBe(true);
    expect(may(["read:sessions:a:b"], "read", { type: "sessions", id: "a" })).toBe(false);
  });

  it("know the bare admin, the star action and the type all", () => {
    const a = { type: "sessions", id: "a" };
    expect(may(["admin"], "write", a)).toBe(true);
    expect(may(["admin:tasks"], "write", a)).toBe(false);
    expect(may(["admin:sessions"], "admin", a)).toBe(true);
    expect(may(["*:sessions:a"], "write", a)).toBe(true);
    expect(may(["read:all"], "read", a)).toBe(true);
    expect(may(["read:all"], "write", a)).toBe(false);
  });

  it("are enough when one of several resources matches, and malformed ones match nothing", () => {
    const resources = [
      { type: "sessions", id: "a" },
      { type: "sessions", id: "session_1" },
    ];
    expect(may(["read:sessions:session_1"], "read", ...resources)).toBe(true);
    expect(may(["", ":", "read", "read:", "::a"], "read", ...resources)).toBe(false);
  });
});

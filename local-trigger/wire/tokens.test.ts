import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { signToken, verifyToken } from "./tokens.ts";

const secret = "tr_dev_a-secret-of-tests";

describe("public access tokens", () => {
  it("give back their scopes while everything about them holds", async () => {
    const token = await signToken(secret, ["read:sessions:a"]);
    expect((await verifyToken(token, secret))?.scopes).toEqual(["read:sessions:a"]);
  });

  it("carry the claims of the protocol and live an hour", async () => {
    const token = await signToken(secret, []);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({
      iss: "https://id.trigger.dev",
      aud: "https://api.trigger.dev",
      pub: true,
    });
    expect(claims.exp - claims.iat).toBe(3600);
  });

  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: "https://id.trigger.dev",
    aud: "https://api.trigger.dev",
    exp: now + 60,
    scopes: ["a"],
  };

  it.each([
    ["another key", { key: "other" }, good],
    ["another issuer", {}, { ...good, iss: "https://example.com" }],
    ["another audience", {}, { ...good, aud: "https://example.com" }],
    ["an expiry in the past", {}, { ...good, exp: now - 60 }],
    ["no expiry", {}, { ...good, exp: undefined }],
    ["algorithm none", { alg: "none" }, good],
    ["algorithm HS512", { alg: "HS512" }, good],
    ["scopes that are no list", {}, { ...good, scopes: "admin" }],
  ])("are refused with %s", async (_, options, claims) => {
    expect(await verifyToken(handMade(claims, options), secret)).toBeNull();
  });

  it("accepts the hand-made token when nothing is wrong with it", async () => {
    expect((await verifyToken(handMade(good, {}), secret))?.scopes).toEqual(["a"]);
  });

  it("are refused once their time is over, also when they were good before", async () => {
    const token = await signToken(secret, ["a"], -3);
    expect((await verifyToken(token, secret))?.scopes).toEqual(["a"]);
    await sleep(2500);
    expect(await verifyToken(token, secret)).toBeNull();
    expect(await verifyToken(token, "another-key")).toBeNull();
  });

  it.each(["", "a", "a.b", "a.b.c", "...", "🙂.🙂.🙂", `${"x".repeat(5000)}.y.z`])(
    "that are no token at all (%j) are refused without an exception",
    async (text) => expect(await verifyToken(text, secret)).toBeNull(),
  );
});

function handMade(claims: object, options: { alg?: string; key?: string }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const alg = options.alg ?? "HS256";
  const signed = `${part({ alg })}.${part(claims)}`;
  const hash = alg === "HS512" ? "sha512" : "sha256";
  const signature = createHmac(hash, options.key ?? secret)
    .update(signed)
    .digest("base64url");
  return `${signed}.${alg === "none" ? "" : signature}`;
}

import { describe, expect, it } from "vitest";

process.env.DATABASE_URL = "postgresql://unused";
process.env.SESSION_SECRET = "a secret of the tests, long enough";

const { decryptToken, encryptToken } = await import("#app/models/token-cipher.server.ts");

describe("a sealed token", () => {
  it("opens to what it was, and looks different each time", () => {
    const [first, second] = [encryptToken("tok.en", "chat-1"), encryptToken("tok.en", "chat-1")];
    expect(first).not.toBe(second);
    expect(decryptToken(first, "chat-1")).toBe("tok.en");
    expect(decryptToken(second, "chat-1")).toBe("tok.en");
  });

  it("does not open in another chat's row", () => {
    expect(decryptToken(encryptToken("token", "chat-1"), "chat-2")).toBeNull();
  });

  it("does not open when a single character of it was changed, cut off or was never sealed", () => {
    const sealed = encryptToken("token", "chat-1");
    const at = sealed.length - 5;
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
    for (const text of [changed, sealed.slice(0, 20), "", "v1.", "plain text", sealed.replace("v1", "v2")]) {
      expect(decryptToken(text, "chat-1")).toBeNull();
    }
  });
});

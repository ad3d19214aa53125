import { expect, it } from "vitest";
import { TokenCipher } from "./token-cipher.ts";

const cipher = new TokenCipher("the secret key of this test");
const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.signature";
const headers: [string, string][] = [
  ["trigger-control", "turn-complete"],
  ["public-access-token", token],
];

it("seals the token, each time another way, and leaves the other headers alone", () => {
  const [first, second] = [cipher.seal("s", headers), cipher.seal("s", headers)];
  expect(first[0]).toEqual(headers[0]);
  expect(first[1]?.[0]).toBe("public-access-token");
  expect(JSON.stringify(first)).not.toContain("eyJ");
  expect(first[1]?.[1]).not.toBe(second[1]?.[1]);
  expect(cipher.open("s", first)).toEqual(headers);
});

it("opens nothing of another stream, of another key, that was changed, or that lies there in clear", () => {
  const sealed = cipher.seal("s", headers);
  const value = sealed[1]?.[1] ?? "";
  const changed = value.slice(0, -3) + (value.endsWith("AAA") ? "BBB" : "AAA");
  const opened = [
    cipher.open("t", sealed),
    new TokenCipher("another").open("s", sealed),
    cipher.open("s", [["public-access-token", changed]]),
    cipher.open("s", [["public-access-token", token]]),
  ];
  for (const left of opened) expect(JSON.stringify(left)).not.toMatch(/public-access-token|eyJ/);
});

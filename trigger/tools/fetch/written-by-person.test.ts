import { expect, test } from "vitest";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { addressesOfPerson } from "./written-by-person.ts";

const said = (text: string): Pick<LongrunUIMessage, "role" | "parts">[] => [
  { role: "user", parts: [{ type: "text", text }] },
];

test("what ends a sentence is no part of an address that somebody wrote", () => {
  expect(addressesOfPerson(said("(See https://one.example/a_(b)?).**"))).toContain(
    "https://one.example/a_(b",
  );
});

test("an address of 200,000 signs is looked at once", () => {
  const began = performance.now();
  addressesOfPerson(said(`https://one.example/${".".repeat(200_000)}a`));
  // Linear: some milliseconds. Quadratic: ten seconds and more.
  expect(performance.now() - began).toBeLessThan(2_000);
});

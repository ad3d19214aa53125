import { expect, test } from "vitest";

process.env.DATABASE_URL = "postgresql://unused";
process.env.SESSION_SECRET = "a secret of the tests, long enough";

const { openTicket, sealTicket } = await import("./head-start-ticket.server.ts");

const ticket = { port: 4000, id: "one", proof: "a proof" };

test("a ticket opens for its own chat alone", () => {
  const sealed = sealTicket(ticket, "mine");
  expect(openTicket(sealed, "mine")).toEqual(ticket);
  expect(openTicket(sealed, "another")).toBeNull();
});

test("what a browser writes in its place is none", () => {
  for (const forged of [undefined, null, 7, "", "v1.xxxx", JSON.stringify(ticket), { ...ticket }]) {
    expect(openTicket(forged, "mine")).toBeNull();
  }
});

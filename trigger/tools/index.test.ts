import { expect, test } from "vitest";
import { chatTools } from "./index.ts";

/** Tools that act without asking, and why that may be. */
const UNASKED: Record<string, string> = {
  writeDocument: "adds a version beside the chat; every earlier one is kept, and nothing leaves",
  editDocument: "adds a version beside the chat; every earlier one is kept, and nothing leaves",
};

// Nothing is called, so nothing is connected.
process.env.DATABASE_URL = "postgresql://127.0.0.1:1/none";
process.env.SESSION_SECRET = "a secret of the tests, long enough";
const tools = chatTools({ userId: "u", chatId: "c", runId: "r", said: () => [] });

test("S22: a tool that acts asks its person first, or is named here with the reason why not", () => {
  const acting = Object.entries(tools).filter(([, { sideEffect }]) => sideEffect);
  const unasked = acting.filter(([, tool]) => !("needsApproval" in tool && tool.needsApproval));
  expect(unasked.map(([name]) => name).toSorted()).toEqual(Object.keys(UNASKED).toSorted());
});

test("S22: what reads an address asks first, too: an address can carry something out", () => {
  for (const name of ["fetchPage", "deepResearch"] as const)
    expect(tools[name]).toHaveProperty("needsApproval");
});

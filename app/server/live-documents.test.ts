import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { assertRoomForLive, countLive } from "./live-documents.server.ts";

function refusal(userId: string): Response | null {
  try {
    assertRoomForLive(userId);
    return null;
  } catch (thrown) {
    return thrown as Response;
  }
}

test("so many documents of one person go on at once; the next is told to come back, other people's go on", async () => {
  const documents = Array.from({ length: 30 }, () => countLive("ada", new PassThrough()));
  expect(refusal("ada")?.status).toBe(429);
  expect(Number(refusal("ada")?.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(refusal("bob")).toBeNull();
  const [first, second] = documents;
  for (const ended of [first, second]) {
    ended?.destroy();
    if (ended) await once(ended, "close");
    expect(refusal("ada")).toBeNull();
    countLive("ada", new PassThrough());
    expect(refusal("ada")?.status).toBe(429);
  }
});

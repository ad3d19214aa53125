import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { triggerClient } from "../support/trigger-client.ts";
import { triggerUnderTest, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest;
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await triggerUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

const type = "application/vnd.trigger.transcript+ndjson";
async function signed(method: "GET" | "PUT", id: string): Promise<string> {
  const { body } = await client.call<{ presignedUrl: string }>(method, `/api/v1/sessions/${id}/snapshot-url`);
  return body.presignedUrl;
}
const put = (url: string, body: Uint8Array | string) =>
  fetch(url, { method: "PUT", headers: { "content-type": type }, body: body as string });

describe("a session's snapshot", () => {
  it("is 404 before the first write, and byte for byte what was written after it, without our key", async () => {
    const { chatId } = await client.createSession();
    expect((await fetch(await signed("GET", chatId))).status).toBe(404);
    const bytes = randomBytes(300_000);
    expect((await put(await signed("PUT", chatId), bytes)).status).toBe(200);
    const response = await fetch(await signed("GET", chatId));
    expect(response.headers.get("content-type")).toBe(type);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it("is one blob under both ids, and the last write wins", async () => {
    const { chatId, body } = await client.createSession();
    await put(await signed("PUT", chatId), "one");
    await put(await signed("PUT", body.id), "two");
    for (const id of [chatId, body.id])
      expect(await (await fetch(await signed("GET", id))).text()).toBe("two");
  });

  it("has addresses that are good for one method and one session, unchanged", async () => {
    const [mine, other] = [await client.createSession(), await client.createSession()];
    await put(await signed("PUT", mine.chatId), "mine");
    const [get, write] = [await signed("GET", mine.chatId), await signed("PUT", mine.chatId)];
    expect((await put(get, "forged")).status).toBe(403);
    expect((await fetch(write)).status).toBe(403);
    expect((await fetch(`${get}x`)).status).toBe(403);
    if (trigger.local) {
      expect((await fetch(get.replace(mine.body.id, other.body.id))).status).toBe(403);
      const url = new URL(get);
      url.searchParams.set("expires", String(Number(url.searchParams.get("expires")) + 1));
      expect((await fetch(url)).status).toBe(403);
      expect((await fetch(new URL(url.pathname, url))).status).toBe(403);
    }
    expect(await (await fetch(get)).text()).toBe("mine");
  });

  it("needs a session", async () => {
    for (const method of ["GET", "PUT"]) {
      expect((await client.call(method, `/api/v1/sessions/${randomUUID()}/snapshot-url`)).status).toBe(404);
    }
  });

  it("cannot be written once the session was deleted, even with an address from before", async () => {
    const { chatId } = await client.createSession();
    const [before, read] = [await signed("PUT", chatId), await signed("GET", chatId)];
    await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "deleted" } });
    expect((await put(before, "late")).status).toBe(409);
    expect((await fetch(read)).status).toBe(404);
  });
});

describe("a session's transcript", () => {
  it("is read from the snapshot in pages, newest messages first", async () => {
    const { chatId } = await client.createSession();
    const page = (query = "") =>
      client.call("GET", `/api/v1/sessions/${chatId}/transcript${query}`).then((reply) => reply.body);
    expect(await page()).toEqual({ messages: [] });
    const message = (id: string) => ({ id, role: "user", parts: [] });
    const lines = [
      { savedAt: 1, lastOutEventId: "7", lastInEventId: "3" },
      ...["a", "b", "c"].map((id) => ({ id, final: true, message: message(id) })),
      { ids: ["a", "b", "c"] },
    ];
    await put(
      await signed("PUT", chatId),
      `${lines.map((line) => JSON.stringify(line)).join("\n")}\n#tt2:ff`,
    );
    const cursors = { lastOutEventId: "7", lastInEventId: "3" };
    expect(await page()).toEqual({ messages: ["a", "b", "c"].map(message), cursors });
    expect(await page("?limit=2")).toEqual({ messages: ["b", "c"].map(message), cursors, nextCursor: "b" });
    expect(await page("?limit=2&before=b")).toEqual({ messages: [message("a")], cursors });
    expect(await page("?limit=2&before=a")).toEqual({ messages: [], cursors });
    expect(await page("?limit=2&before=gone")).toEqual({ messages: [], cursors });
    expect((await client.call("GET", `/api/v1/sessions/${chatId}/transcript?limit=0`)).status).toBe(400);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { subscribe } from "../support/sse-client.ts";
import { triggerClient, userMessage } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// What somebody can do to the server with a token of a chat, and what the server tells of it.
let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await localUnderTest({ maxReaders: 3, inputRoom: { records: 3, bytes: 2000 } });
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

async function chatWithToken(): Promise<{ chatId: string; as: string }> {
  const { chatId } = await client.createSession();
  return { chatId, as: await trigger.token([`read:sessions:${chatId}`, `write:sessions:${chatId}`]) };
}

const out = (chatId: string) => `${trigger.url}/realtime/v1/sessions/${chatId}/out`;
const logged = (event: string) =>
  trigger.local.logged.filter((line) => (JSON.parse(line) as { event: string }).event === event);

it("a token holds so many streams of its session open, and one more once one of them is closed", async () => {
  const { chatId, as } = await chatWithToken();
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => subscribe(out(chatId), as)));
  expect([first, ...others].map((stream) => stream?.status)).toEqual([200, 200, 200]);
  const refused = await subscribe(out(chatId), as);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("10");
  expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  const ofTheKey = await subscribe(out(chatId), trigger.key);
  expect(ofTheKey.status).toBe(200);
  const elsewhere = await chatWithToken();
  const other = await subscribe(out(elsewhere.chatId), elsewhere.as);
  expect(other.status).toBe(200);
  first?.close();
  await eventually(
    async () => {
      const again = await subscribe(out(chatId), as);
      again.close();
      return again.status === 200;
    },
    { what: () => "the place of a closed stream was not given away", ms: 30_000 },
  );
  for (const stream of [...others, ofTheKey, other]) stream.close();
});

it("its records are read one page at a time, and count as a stream as long as nobody takes them", async () => {
  const { chatId, as } = await chatWithToken();
  const large = "x".repeat(1_000_000);
  for (let sent = 0; sent < 40; sent++) {
    expect((await client.append(chatId, userMessage(chatId, `${sent} ${large}`))).status).toBe(200);
  }
  const at = `${trigger.url}/realtime/v1/sessions/${chatId}/in/records`;
  const ask = () => fetch(at, { headers: { authorization: `Bearer ${as}` } });
  const answers = await Promise.all([ask(), ask(), ask()]);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  const [{ records }] = (await Promise.all(answers.map((answer) => answer.json()))) as [
    { records: { seqNum: number; data: string }[] },
  ];
  const firsts = records.map(({ data }) => Number(/"text":"(\d+) x/.exec(data)?.[1]));
  expect(firsts, "the answer is whole").toEqual(Array.from({ length: 40 }, (_, sent) => sent));
  await eventually(async () => (await ask()).status === 200, {
    what: () => "no place is given away",
    ms: 30_000,
  });
});

it.each([
  ["records", "x", 3],
  ["bytes", "x".repeat(700), 2],
])("what waits in a chat is bounded in %s, until a turn has taken it", async (_what, text, fit) => {
  const { chatId, as } = await chatWithToken();
  const send = () => client.append(chatId, userMessage(chatId, text), { as });
  for (let sent = 0; sent < fit; sent++) expect((await send()).status).toBe(200);
  const refused = await send();
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("10");
  expect(refused.body).toMatchObject({ error: expect.stringContaining("waits in this chat") as string });
  expect((await client.append(chatId, userMessage(chatId, text))).status, "the secret key").toBe(200);

  const { headers } = await client.open(chatId, "out");
  const end = {
    headers: [
      ["trigger-control", "turn-complete"],
      ["session-in-event-id", String(fit)],
    ],
  };
  const written = await client.call(
    "POST",
    `/v1/streams/${encodeURIComponent(headers.get("x-s2-stream-name") ?? "")}/records`,
    { as: headers.get("x-s2-access-token"), body: { records: [{ body: "", ...end }] } },
  );
  expect(written.status).toBe(200);
  await eventually(async () => (await send()).status === 200, {
    what: () => "there is no room after the turn",
    ms: 30_000,
  });
});

it("a denial is in the log, by the pattern of its route, without the token and what it was for", async () => {
  const { chatId } = await chatWithToken();
  const foreign = await trigger.token(["read:sessions:other"]);
  const before = logged("access.denied").length;
  expect((await client.call("GET", `/realtime/v1/sessions/${chatId}/out`, { as: foreign })).status).toBe(403);
  expect(
    (await client.call("POST", `/realtime/v1/sessions/${chatId}/in/append`, { as: "none" })).status,
  ).toBe(401);
  const lines = logged("access.denied").slice(before);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { method: "GET", route: "/realtime/v1/sessions/:id/out", status: 403 },
    { method: "POST", route: "/realtime/v1/sessions/:id/in/append", status: 401 },
  ]);
  for (const line of lines) for (const secret of [chatId, foreign]) expect(line).not.toContain(secret);
});

it("an append that fails inside is told as a number, which the log explains", async () => {
  const { chatId } = await chatWithToken();
  const { headers } = await client.open(chatId, "out");
  const append = (type: string, body: string) =>
    client.call<{ message: string }>(
      "POST",
      `/v1/streams/${encodeURIComponent(headers.get("x-s2-stream-name") ?? "")}/records`,
      { as: headers.get("x-s2-access-token"), body, headers: { "content-type": type } },
    );
  await trigger.local.query("alter table local_trigger.stream_records rename to hidden_records");
  try {
    const { status, body } = await append(
      "application/json",
      JSON.stringify({ records: [{ body: randomUUID() }] }),
    );
    expect(status).toBe(500);
    const [, id = "none"] = /as ([0-9a-f]{12})\./.exec(body.message) ?? [];
    expect(JSON.stringify(body)).not.toMatch(/relation|stream_records/);
    expect(logged("s2.append_failed").filter((line) => line.includes(id))).toHaveLength(1);
  } finally {
    await trigger.local.query("alter table local_trigger.hidden_records rename to stream_records");
  }
});

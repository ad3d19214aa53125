import { AppendInput, AppendRecord, S2 } from "@s2-dev/streamstore";
import { afterAll, beforeAll, expect, it } from "vitest";
import { subscribe } from "../support/sse-client.ts";
import { triggerClient, type WireRecord } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// How a token is kept, and who is given it, is ours alone: another Trigger API may do as it likes.
let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
beforeAll(async () => {
  trigger = await localUnderTest();
  client = triggerClient(trigger);
});
afterAll(() => trigger.stop());

const TOKEN = "public-access-token";

/** A chat whose turn has ended with a token, written as a run writes it. */
async function chatWithToken() {
  const { chatId } = await client.createSession();
  const { headers } = await client.open(chatId, "out");
  const header = (name: string) => headers.get(`x-s2-${name}`) ?? "";
  const endpoint = header("endpoint");
  const s2 = new S2({
    accessToken: header("access-token"),
    endpoints: { account: endpoint, basin: endpoint },
  });
  const token = await trigger.token([`read:sessions:${chatId}`, `write:sessions:${chatId}`]);
  const end: [string, string][] = [
    ["trigger-control", "turn-complete"],
    [TOKEN, token],
  ];
  const record = AppendRecord.string({ body: "", headers: end });
  const stream = s2.basin(header("basin")).stream(header("stream-name"));
  return { chatId, token, end, write: () => stream.append(AppendInput.create([record])) };
}

const address = (chatId: string) => `${trigger.url}/realtime/v1/sessions/${chatId}/out`;

/** The headers that a reader is given, from memory (it waits) or from the database, and from the records. */
async function given(chatId: string, as: string) {
  const stream = await subscribe(address(chatId), as);
  const [streamed] = await stream.records(1);
  stream.close();
  const { body } = await client.call<{ records: WireRecord[] }>(
    "GET",
    `/realtime/v1/sessions/${chatId}/out/records`,
    { as },
  );
  return [streamed?.headers, body.records[0]?.headers];
}

it("a token in a header is kept sealed, bound to its stream and its server's key", async () => {
  const { chatId, token, end, write } = await chatWithToken();
  await write();
  const kept = () =>
    trigger.local.query<{ headers: string }>(
      "select headers::text from local_trigger.stream_records where headers::text like '%public-access-token%'",
    );
  const rows = await kept();
  expect(rows).toHaveLength(1);
  expect(rows[0]?.headers).toContain("sealed.v1.");
  expect(rows[0]?.headers).not.toContain(token.slice(0, 20));
  await trigger.local.restart();
  expect(await given(chatId, trigger.key)).toEqual([end, end]);
});

it("a token in a header goes to the secret key alone: no token, of a signed-out person either, fetches its successor", async () => {
  const { chatId, token, end, write } = await chatWithToken();
  const reader = await trigger.token([`read:sessions:${chatId}`]);
  const following = await Promise.all([reader, token].map((as) => subscribe(address(chatId), as)));
  await write();
  for (const stream of following) {
    expect((await stream.records(1))[0]?.headers).toEqual(end.slice(0, 1));
    stream.close();
  }
  for (const as of [reader, token])
    expect(await given(chatId, as)).toEqual([end.slice(0, 1), end.slice(0, 1)]);
  expect(await given(chatId, trigger.key)).toEqual([end, end]);
});

it("a stream ends when the token that opened it does, however much comes", async () => {
  const { chatId, write } = await chatWithToken();
  // Tokens hold five seconds longer than they say.
  const ending = await trigger.token([`read:sessions:${chatId}`], -2);
  const stream = await subscribe(address(chatId), ending, { "timeout-seconds": "600" });
  const writing = setInterval(() => void write().catch(() => {}), 50);
  const { done, records } = await stream.rest().finally(() => clearInterval(writing));
  expect(done).toBe(true);
  expect(records.length).toBeGreaterThan(0);
  expect((await subscribe(address(chatId), ending)).status).toBe(401);
});

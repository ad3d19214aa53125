import { AppendInput, AppendRecord, S2 } from "@s2-dev/streamstore";
import { sessions } from "@trigger.dev/sdk";
import { beforeAll, describe, expect, test } from "vitest";
import { sdkServer } from "../support/sdk-server.ts";
import { triggerClient } from "../support/trigger-client.ts";

const server = sdkServer();
let client: ReturnType<typeof triggerClient>;
beforeAll(() => {
  client = triggerClient(server.trigger);
});

const runsOf = (chatId: string) =>
  server.trigger.local.query("SELECT id, status FROM local_trigger.runs WHERE chat_id = $1", [chatId]);
const dataOf = async (chatId: string, path: string) =>
  (await client.records(chatId, path)).body.records.map(({ data }) => data);

describe("a side channel", () => {
  test("is opened by PUT and written over S2, beside the chat's own stream", async () => {
    const { chatId } = await client.createSession();
    const { status, headers } = await client.open(chatId, "channels/frames/out");
    expect(status).toBe(202);
    const header = (name: string) => headers.get(`x-s2-${name}`) ?? "";
    const endpoint = header("endpoint");
    const s2 = new S2({
      accessToken: header("access-token"),
      endpoints: { account: endpoint, basin: endpoint },
    });
    const stream = s2.basin(header("basin")).stream(header("stream-name"));
    const record = (data: unknown) => AppendRecord.string({ body: JSON.stringify({ data, id: "x" }) });
    const ack = await stream.append(AppendInput.create([record({ step: 1 }), record({ step: 2 })]));
    expect([ack.start.seqNum, ack.end.seqNum]).toEqual([0, 2]);
    expect(await dataOf(chatId, "channels/frames/out")).toEqual([{ step: 1 }, { step: 2 }]);
    for (const other of ["out", "channels/frames/in", "channels/others/out"])
      expect([other, await dataOf(chatId, other)]).toEqual([other, []]);
  });

  test("is opened with the secret key alone, and for neither side once the session is closed", async () => {
    const { chatId } = await client.createSession();
    const as = await server.trigger.token([`write:sessions:${chatId}`]);
    for (const io of ["in", "out"]) {
      expect((await client.open(chatId, `channels/frames/${io}`, { as })).status).toBe(403);
      expect((await client.open(chatId, `channels/frames/${io}`)).status).toBe(202);
    }
    await server.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "enough" } });
    for (const io of ["in", "out"])
      expect((await client.open(chatId, `channels/frames/${io}`)).status).toBe(400);
  });

  test("carries what the SDK appends, pipes and sends, live to a reader that was there before", async () => {
    const { chatId } = await client.createSession();
    const channel = sessions.open(chatId).channel("frames");
    const abort = new AbortController();
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const part of await channel.out.read({ signal: abort.signal })) read.push(part);
    })().catch(() => undefined);
    await channel.out.append({ step: 1 });
    const steps = async function* () {
      yield* [{ step: 2 }, { step: 3 }];
    };
    await channel.out.pipe(steps()).waitUntilComplete();
    await expect.poll(() => read, { timeout: 30_000 }).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
    await channel.in.send({ paused: true });
    expect(await dataOf(chatId, "channels/frames/in")).toEqual(['{"paused":true}']);
    abort.abort();
    await reading;
  });

  test("starts no run and wakes none, neither by its .in nor by its .out", async () => {
    const { chatId, body } = await client.createSession();
    await server.call("POST", `/api/v2/runs/${body.runId}/cancel`);
    const channel = sessions.open(chatId).channel("frames");
    await channel.in.send({ paused: true });
    await channel.out.append({ step: 1 });
    expect(await runsOf(chatId)).toEqual([{ id: body.runId, status: "CANCELED" }]);
  });
});

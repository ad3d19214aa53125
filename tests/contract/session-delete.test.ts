import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeWorker } from "../support/fake-worker.ts";
import { triggerClient, userMessage, type CreatedSession } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest & { local: LocalInside };
let client: ReturnType<typeof triggerClient>;
let worker: Awaited<ReturnType<typeof fakeWorker>>;
let chat: { chatId: string; body: CreatedSession };
beforeEach(async () => {
  trigger = await localUnderTest({ timing: { dequeueHoldMs: 500, cancelGraceMs: 300 } });
  client = triggerClient(trigger);
  worker = await fakeWorker(client);
  chat = await client.createSession();
});
afterEach(() => trigger.stop());

const send = (text: string) => client.append(chat.chatId, userMessage(chat.chatId, text));
const chunk = (text: string) => client.append(chat.chatId, text, { path: "out" });
const out = async () => (await client.records(chat.chatId, "out")).body.records;

describe("deleting a session", () => {
  it("cancels the run, refuses what comes later, and leaves no word of it in any column", async () => {
    const word = "zanzibar-quokka";
    const waiting = await worker.take();
    const { body: wait } = await client.call<{ waitpointId: string }>(
      "POST",
      `/api/v1/runs/${waiting.runId}/session-streams/wait`,
      { body: { session: chat.chatId, io: "in", timeout: "1m" } },
    );
    await client.call("POST", `/engine/v1/runs/${waiting.runId}/waitpoints/tokens/${wait.waitpointId}/wait`, {
      body: {},
    });
    await send(word);
    await chunk(`{"delta":"${word}"}`);
    await client.append(chat.chatId, word, { path: "channels/side/in" });
    await client.call("PATCH", `/api/v1/sessions/${chat.chatId}`, {
      body: { metadata: { word }, tags: [word] },
    });
    await client.call("POST", "/api/v1/sessions", {
      body: {
        type: "chat.agent",
        externalId: chat.chatId,
        taskIdentifier: "contract-chat",
        triggerConfig: { basePayload: { chatId: chat.chatId, word } },
      },
    });
    const { body } = await client.call<{ presignedUrl: string }>(
      "PUT",
      `/api/v1/sessions/${chat.chatId}/snapshot-url`,
    );
    await fetch(body.presignedUrl, { method: "PUT", body: word });
    expect(await columnsWith(word)).toEqual(
      expect.arrayContaining(["sessions.trigger_config", "snapshots.body", "stream_records.body"]),
    );

    const closed = await client.call("POST", `/api/v1/sessions/${chat.chatId}/close`, {
      body: { reason: "deleted" },
    });
    expect(closed.body).toMatchObject({ closedReason: "deleted" });
    await worker.crash(waiting).catch(() => {});
    await expect
      .poll(async () => (await client.call("GET", `/api/v3/runs/${waiting.runId}`)).body["status"], {
        timeout: 5000,
      })
      .toBe("CANCELED");
    expect(await columnsWith(word)).toEqual([]);

    expect((await client.append(chat.chatId, userMessage(chat.chatId, word))).body).toMatchObject({
      code: "session_closed",
      closedReason: "deleted",
    });
    expect(await out()).toEqual([]);
    expect(await columnsWith(word)).toEqual([]);
    expect(trigger.local.logged.join("\n")).not.toContain(word);
  });

  it("leaves no word that its run writes as it is being cancelled: metadata, output, what is flushed last", async () => {
    const word = "marmalade-heron";
    const run = await worker.take();
    await client.call("POST", `/api/v1/sessions/${chat.chatId}/close`, { body: { reason: "deleted" } });
    await client.call("PUT", `/api/v1/runs/${run.runId}/metadata`, { body: { metadata: { word } } });
    const flushed = {
      data: JSON.stringify({ json: { metadata: { word } } }),
      dataType: "application/super+json",
    };
    const completion = { id: run.runId, ok: true, output: `"${word}"`, flushedMetadata: flushed };
    const path = `/engine/v1/dev/runs/${run.runId}/snapshots/${run.snapshotId}/attempts/complete`;
    expect((await client.call("POST", path, { body: { completion } })).status).toBe(200);
    expect((await client.call("GET", `/api/v3/runs/${run.runId}`)).body["status"]).toBe("CANCELED");
    expect(await columnsWith(word)).toEqual([]);
  });

  it("also deletes one that was closed for another reason before, and is finished after a stop in between", async () => {
    await send("word");
    await client.call("POST", `/api/v1/sessions/${chat.chatId}/close`, { body: { reason: "done" } });
    await trigger.local.query("update local_trigger.sessions set purge_requested = true where id = $1", [
      chat.body.id,
    ]);
    await trigger.local.restart();
    expect((await client.records(chat.chatId, "in")).body.records).toEqual([]);
    expect((await client.call("GET", `/api/v1/sessions/${chat.chatId}`)).body).toMatchObject({
      closedReason: "done",
    });
  });
});

async function columnsWith(word: string): Promise<string[]> {
  const columns = await trigger.local.query<{ table_name: string; column_name: string }>(
    `select table_name, column_name from information_schema.columns
     where table_schema = 'local_trigger' and data_type not in ('bigint', 'integer', 'boolean')`,
  );
  const found: string[] = [];
  for (const { table_name, column_name } of columns) {
    const rows = await trigger.local.query(
      `select 1 from local_trigger.${table_name} where
         case when pg_typeof(${column_name}) = 'bytea'::regtype
           then position(convert_to($1, 'UTF8') in ${column_name}::text::bytea) > 0
           else position($1 in ${column_name}::text) > 0 end`,
      [word],
    );
    if (rows.length > 0) found.push(`${table_name}.${column_name}`);
  }
  return found;
}

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { configure } from "@trigger.dev/sdk";
import { runTranscriptStorageTests } from "@trigger.dev/sdk/ai/test";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import { readTranscript, writeTranscript } from "#app/models/transcript.server.ts";
import { testDatabase, type TestDatabase } from "../tests/support/database.ts";
import { agentStorage, transcriptStorage } from "./transcript-storage.ts";

type StreamRecord = { data: unknown; id: string; seqNum: number; headers?: [string, string][] };

let database: TestDatabase;
let api: Server;
/** What the Trigger API's `.out` holds; null: it answers nothing but errors. */
let out: StreamRecord[] | null = [];
const asked: (string | null)[] = [];

beforeAll(async () => {
  database = await testDatabase();
  process.env.DATABASE_URL = database.url;
  process.env.SESSION_SECRET = "a secret of the tests, long enough";
  await db().user.create({ data: { id: "owner", email: "owner@example.test", name: "Owner" } });
  api = createServer((request, response) => {
    const after = new URL(request.url ?? "/", "http://x").searchParams.get("afterEventId");
    asked.push(after);
    if (!out) return void response.writeHead(404).end();
    const records = out.filter((record) => record.seqNum > Number(after ?? -1));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ records }));
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const { port } = api.address() as AddressInfo;
  configure({ baseURL: `http://127.0.0.1:${port}`, accessToken: "a-test-key" });
});

afterAll(async () => {
  api.close();
  await disconnect();
  await database.drop();
});

const names = [
  "empty",
  "put",
  "remove",
  "truncate",
  "truncate-append",
  "state",
  "cursors",
  "final",
  "replay",
];

runTranscriptStorageTests(
  async () => {
    await db().chat.deleteMany();
    for (const name of [...names.slice(1), "paging", "a", "b"]) {
      await createChat({ id: `conformance-${name}`, userId: "owner" });
    }
    return transcriptStorage;
  },
  { chatId: "conformance", api: { describe, it, expect } },
);

const context = (chatId: string) =>
  ({ chatId, clientData: undefined, turn: 0, trigger: "submit-message", runId: "run_1", ctx: {} }) as never;

const message = (id: string, role: "user" | "assistant") => ({
  id,
  role,
  parts: [{ type: "text" as const, text: id }],
});

const turnEnd = (seqNum: number, inEventId: number): StreamRecord => ({
  data: "",
  id: `end${seqNum}`,
  seqNum,
  headers: [
    ["trigger-control", "turn-complete"],
    ["session-in-event-id", String(inEventId)],
  ],
});

const chunk = (seqNum: number, data: object): StreamRecord => ({ data, id: `c${seqNum}`, seqNum });

describe("loading for a run that takes over", () => {
  const chatId = "taken-over";

  beforeEach(async () => {
    asked.length = 0;
    await db().chat.deleteMany();
    await createChat({ id: chatId, userId: "owner" });
    const put = [message("u1", "user"), message("a1", "assistant"), message("u2", "user")];
    await writeTranscript({
      chatId,
      changes: put.map((one) => ({ op: "put", message: one })),
      cursors: { lastEventId: "9", lastInEventId: "0" },
    });
  });

  const load = () => agentStorage.load({ chatId, clientData: undefined });

  it("takes the input cursor of a turn that ended on the stream but was not saved", async () => {
    out = [turnEnd(9, 0), chunk(10, { type: "start", messageId: "a2" }), turnEnd(14, 1)];
    expect((await load()).cursors).toEqual({ lastOutEventId: "9", lastInEventId: "1" });
    expect(asked).toEqual(["8"]);
  });

  it("takes it too when the hook had stored the turn's end and the run died before the save", async () => {
    await writeTranscript({ chatId, changes: [], cursors: { lastEventId: "14" } });
    out = [turnEnd(9, 0), chunk(10, { type: "start", messageId: "a2" }), turnEnd(14, 1)];
    expect((await load()).cursors).toEqual({ lastOutEventId: "14", lastInEventId: "1" });
  });

  it("keeps the stored input cursor when the stream knows nothing newer, or cannot be read", async () => {
    await writeTranscript({ chatId, changes: [], cursors: { lastInEventId: "3" } });
    out = [turnEnd(9, 0)];
    expect((await load()).cursors?.lastInEventId).toBe("3");
    out = null;
    expect((await load()).cursors?.lastInEventId).toBe("3");
  });

  it("says which messages are partial, so that they stay so", async () => {
    await writeTranscript({
      chatId,
      changes: [{ op: "put", message: message("a2", "assistant"), final: false }],
    });
    out = [];
    expect((await load()).nonFinalIds).toEqual(["a2"]);
  });
});

describe("saving", () => {
  it("writes nothing for a chat that does not exist, and does not fail", async () => {
    const changes = [{ op: "put" as const, message: message("u1", "user") }];
    const transcript = { entries: [], state: null };
    await transcriptStorage.save(context("nobody"), { reason: "turn-start", changes, transcript });
    expect(await db().chat.count({ where: { id: "nobody" } })).toBe(0);
    expect((await readTranscript({ chatId: "nobody" })).messages).toEqual([]);
  });
});

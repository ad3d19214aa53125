import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { configure, sessions } from "@trigger.dev/sdk";
import { TriggerChatTransport } from "@trigger.dev/sdk/chat";
import { chat, defaultStorage } from "@trigger.dev/sdk/ai";
import type { UIMessage, UIMessageChunk } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTriggerDev, triggerProject, type TriggerDev } from "../support/trigger-dev.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

// The unmodified CLI, SDK and browser transport hold a conversation over this server.
const TASKS = `
import { existsSync, writeFileSync } from "node:fs";
import { chat } from "@trigger.dev/sdk/ai";
import { simulateReadableStream, streamText } from "ai";
import { MockLanguageModelV3 } from "ai/test";

const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const answering = (words: string[], delay: number) =>
  new MockLanguageModelV3({
    doStream: async () => ({
      stream: simulateReadableStream({
        initialDelayInMs: 0,
        chunkDelayInMs: delay,
        chunks: [
          { type: "text-start", id: "t" },
          ...words.map((word) => ({ type: "text-delta", id: "t", delta: word + " " })),
          { type: "text-end", id: "t" },
          { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
        ],
      }),
    }),
  });

export const echo = chat.agent({
  id: "echo",
  idleTimeoutInSeconds: 2,
  turnTimeout: "1m",
  run: async ({ messages, signal }) => {
    const last = messages.at(-1);
    const text = typeof last?.content === "string" ? last.content : (last?.content ?? []).map((p) => p.text ?? "").join("");
    const [mode, name] = text.split(" ");
    if (mode === "crash" && !existsSync(name)) {
      writeFileSync(name, "");
      process.kill(process.pid, "SIGKILL");
    }
    const words = mode === "long" ? Array.from({ length: 60 }, (_, i) => "w" + i) : ["you", "said:", text, String(messages.length)];
    return streamText({ model: answering(words, mode === "long" ? 50 : 5), messages, abortSignal: signal });
  },
});
`;

let trigger: TriggerUnderTest & { local: LocalInside };
let project: Awaited<ReturnType<typeof triggerProject>>;
let dev: TriggerDev;

beforeAll(async () => {
  [trigger, project] = await Promise.all([localUnderTest(), triggerProject(TASKS)]);
  configure({ baseURL: trigger.url, accessToken: trigger.key });
  dev = await startTriggerDev({
    dir: project.dir,
    apiUrl: trigger.url,
    accessToken: trigger.local.accessToken,
  });
}, 120_000);
afterAll(async () => {
  await dev?.stop();
  await trigger.stop();
  await project.remove();
});

function conversation() {
  const chatId = randomUUID();
  const startSession = chat.createStartSessionAction("echo");
  const messages: UIMessage[] = [];
  const transport = new TriggerChatTransport({
    task: "echo",
    baseURL: trigger.url,
    accessToken: async () => trigger.token([`read:sessions:${chatId}`, `write:sessions:${chatId}`]),
    startSession: async ({ chatId: id, clientData }) => startSession({ chatId: id, clientData }),
  });
  const send = async (text: string) => {
    messages.push({ id: randomUUID(), role: "user", parts: [{ type: "text", text }] });
    return transport.sendMessages({
      trigger: "submit-message",
      chatId,
      messageId: undefined,
      messages,
      abortSignal: undefined,
    });
  };
  return { chatId, transport, send };
}

async function textOf(stream: ReadableStream<UIMessageChunk> | null, onText?: (text: string) => void) {
  let text = "";
  for await (const chunk of (stream ?? []) as AsyncIterable<UIMessageChunk>) {
    if (chunk.type !== "text-delta") continue;
    text += chunk.delta;
    onText?.(text);
  }
  return text.trim();
}

/** Reads until the answer has begun, and leaves as a closed tab does. */
async function leaveInTheMiddle(stream: ReadableStream<UIMessageChunk>): Promise<void> {
  const reader = stream.getReader();
  while ((await reader.read()).value?.type !== "text-delta");
  await reader.cancel();
}

const textIn = ({ parts }: UIMessage) =>
  parts.flatMap((part) => (part.type === "text" ? [part.text.trim()] : [])).join("");

const runOf = async (chatId: string) => (await sessions.retrieve(chatId)).currentRunId;

test("turns are answered by one run, with the history growing", async () => {
  const { chatId, send } = conversation();
  expect(await textOf(await send("one"))).toBe("you said: one 1");
  const run = await runOf(chatId);
  expect(await textOf(await send("two"))).toBe("you said: two 3");
  expect(await textOf(await send("three"))).toBe("you said: three 5");
  expect(await runOf(chatId)).toBe(run);
});

test("a run that was suspended at a waitpoint answers the next message", async () => {
  const { chatId, send } = conversation();
  expect(await textOf(await send("one"))).toBe("you said: one 1");
  const run = await runOf(chatId);
  await expect
    .poll(
      () =>
        trigger.local.query(
          "select 1 from local_trigger.waitpoints where run_id = $1 and status = 'PENDING'",
          [run],
        ),
      { timeout: 15_000 },
    )
    .toHaveLength(1);
  expect(await textOf(await send("two"))).toBe("you said: two 3");
  expect(await runOf(chatId)).toBe(run);
});

test("a reader that comes back in the middle reads the whole answer, without a gap", async () => {
  const { chatId, send } = conversation();
  await leaveInTheMiddle(await send("long"));
  await sleep(300);
  const reloaded = conversation().transport;
  const token = await trigger.token([`read:sessions:${chatId}`, `write:sessions:${chatId}`]);
  reloaded.setSession(chatId, { publicAccessToken: token, isStreaming: true });
  const text = await textOf(await reloaded.reconnectToStream({ chatId }));
  expect(text).toBe(Array.from({ length: 60 }, (_, i) => `w${i}`).join(" "));
});

test("a stop ends the turn early", async () => {
  const { chatId, transport, send } = conversation();
  let stopped: Promise<unknown> | undefined;
  const text = await textOf(await send("long"), () => (stopped ??= transport.stopGeneration(chatId)));
  await stopped;
  expect(text).toMatch(/^w0\b/);
  expect(text).not.toContain("w59");
});

test("a run that is killed before it answers is continued, and the open reader gets the answer", async () => {
  const { chatId, send } = conversation();
  expect(await textOf(await send("one"))).toBe("you said: one 1");
  const run = await runOf(chatId);
  const flag = `${project.dir}/${randomUUID()}`;
  expect(await textOf(await send(`crash ${flag}`))).toContain(`you said: crash ${flag}`);
  expect(await runOf(chatId)).not.toBe(run);
});

test("the history is read in pages through the SDK's action, to its beginning and no further", async () => {
  const { chatId, send } = conversation();
  await textOf(await send("one"));
  await textOf(await send("two"));
  const load = chat.createLoadTranscriptAction<UIMessage>(defaultStorage, { limit: 3 });
  const page = async (before?: string) => {
    const { messages, nextCursor } = await load({ chatId, ...(before ? { before } : {}) });
    return { texts: messages.map((message) => textIn(message)), nextCursor };
  };
  // A turn is stored after its end was told.
  await expect
    .poll(() => page(), { timeout: 30_000 })
    .toMatchObject({ texts: ["you said: one 1", "two", "you said: two 3"] });
  const { nextCursor } = await page();
  expect(await page(nextCursor)).toEqual({ texts: ["one"], nextCursor: undefined });
  expect(await page("nobody's")).toEqual({ texts: [], nextCursor: undefined });
});

test("sessions are read, listed, changed and closed through the SDK", async () => {
  const { chatId, send } = conversation();
  await textOf(await send("one"));
  expect(await sessions.retrieve(chatId)).toMatchObject({
    externalId: chatId,
    taskIdentifier: "echo",
    closedAt: null,
  });
  await sessions.update(chatId, { tags: [chatId] });
  const listed = [];
  for await (const session of sessions.list({ tag: chatId, limit: 1 })) listed.push(session.externalId);
  expect(listed).toEqual([chatId]);
  expect(await sessions.close(chatId, { reason: "done" })).toMatchObject({ closedReason: "done" });
  await expect(chat.createStartSessionAction("echo")({ chatId })).rejects.toMatchObject({ status: 409 });
  await expect
    .poll(
      () =>
        trigger.local.query(
          "select status from local_trigger.runs where payload like $1 and execution_status <> 'FINISHED'",
          [`%${chatId}%`],
        ),
      { timeout: 15_000 },
    )
    .toEqual([]);
});

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ChatClient } from "./fixture/chat-client.ts";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness, type HostProcess } from "./fixture/harness.ts";

vi.setConfig({ testTimeout: 120_000 });

let harness: Harness;
let host: HostProcess;

beforeAll(async () => {
  await fixtureBuild();
  harness = await Harness.start();
  host = await harness.host();
}, 180_000);
afterAll(() => harness.stop());

/** What was answered over the whole life of the chat, in the order of its stream. */
async function answersOnStream(chat: ChatClient): Promise<string[]> {
  const texts = (await chat.outRecords()).map((body) => /"delta":"([^"]*)"/.exec(body)?.[1]);
  return texts.filter((text) => text !== undefined);
}

const ended = (runId: string) => host.line("run-ended", runId);

test("chat.requestUpgrade() before the answer: a new run answers that message, once, on the same stream", async () => {
  const chat = harness.chat();
  const { runId } = await chat.open("upgrading-chat");
  await chat.send("before");
  expect((await chat.answer()).text).toBe("continued: before");
  expect(await ended(runId)).toMatchObject({ ok: true, chatId: chat.id });
  expect(await chat.currentRun()).not.toBe(runId);
  await chat.send("after");
  expect((await chat.answer()).text).toBe("continued: after");
  expect(await answersOnStream(chat)).toEqual(["continued: before", "continued: after"]);
});

test("chat.requestUpgrade() in an answer: that one is given by the old run, the next by a new one", async () => {
  const chat = harness.chat();
  const { runId } = await chat.open("upgrading-chat");
  await chat.send("during");
  expect((await chat.answer()).text).toBe("first run: during");
  expect(await ended(runId)).toMatchObject({ ok: true });
  await chat.send("after");
  expect((await chat.answer()).text).toBe("continued: after");
  expect(await chat.currentRun()).not.toBe(runId);
  expect(await answersOnStream(chat)).toEqual(["first run: during", "continued: after"]);
});

test("chat.endAndContinue() after each turn: each message is answered once, by a run of its own", async () => {
  const chat = harness.chat();
  await chat.open("rotating-chat");
  const answeredBy: string[] = [];
  const answers = ["first run: one", "continued: two", "continued: three"];
  for (const answer of answers) {
    answeredBy.push(await chat.currentRun());
    await chat.send(answer.split(": ")[1] ?? "");
    expect((await chat.answer()).text).toBe(answer);
    expect(await ended(answeredBy.at(-1) ?? "")).toMatchObject({ ok: true });
  }
  expect(new Set(answeredBy).size).toBe(3);
  expect(await answersOnStream(chat)).toEqual(answers);
});

import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { changeQueued } from "#app/models/queued-input.server.ts";
import { messageText } from "#app/shared/chat-message.ts";
import { steeredBy } from "#app/shared/queue.ts";
import { AgentBench, errorsOf, user } from "../tests/support/agent-bench.ts";
import type { ChatRequest } from "../tests/support/model-script.ts";

const bench = AgentBench.install();

const change = (messageId: string, what: Parameters<typeof changeQueued>[1]) =>
  changeQueued({ userId: bench.userId, chatId: bench.chatId, messageId }, what);

const askedWith = (key: string) =>
  bench.model.turns.filter(({ request }) => JSON.stringify(request.messages).includes(key));

it("a message that is withdrawn while it waits is never answered, and the next one is", async () => {
  const key = randomUUID();
  const first = bench.model.answer(`${key} one`, { text: "First.", holdAfter: 0 });
  const run = bench.boot();
  const [second, third] = [user(`${key} two`), user(`${key} three`)];
  const turns = [run.sendMessage(user(`${key} one`))];
  await first.held();
  turns.push(run.sendMessage(second), run.sendMessage(third));
  expect(await change(second.id, { state: "withdrawn" })).toBe("changed");
  first.release();
  for (const turn of await Promise.all(turns)) expect(errorsOf(turn)).toEqual([]);
  const rows = await bench.history(4);
  expect(rows.map(({ message }) => message.role)).toEqual(["user", "assistant", "user", "assistant"]);
  expect(messageText(rows[2]!.message)).toBe(`${key} three`);
  expect(askedWith(`${key} two`)).toEqual([]);
  expect(await change(second.id, { state: "withdrawn" }), "the same again").toBe("changed");
  expect(await change(second.id, { text: "too late" })).toBe("taken");
  expect(await change(third.id, { state: "withdrawn" }), "an answered one").toBe("taken");
  expect(
    await changeQueued({ userId: randomUUID(), chatId: bench.chatId, messageId: "x" }, { text: "y" }),
  ).toBe("missing");
});

it("a message that is edited while it waits keeps its place and is answered with its new words", async () => {
  const key = randomUUID();
  const first = bench.model.answer(`${key} one`, { text: "First.", holdAfter: 0 });
  const run = bench.boot();
  const second = user(`${key} two`);
  const turns = [run.sendMessage(user(`${key} one`))];
  await first.held();
  turns.push(run.sendMessage(second));
  expect(await change(second.id, { text: `${key} better` })).toBe("changed");
  first.release();
  await Promise.all(turns);
  const rows = await bench.history(4);
  expect(rows[2]?.message).toEqual(user(`${key} better`, second.id));
  expect(askedWith(`${key} two`)).toEqual([]);
  expect(askedWith(`${key} better`)).toHaveLength(1);
});

const steerable = (key: string) =>
  bench.model.answer(key, {
    tool: { name: "calculate", input: { expression: "1+1" } },
    holdTool: true,
    text: "Done.",
  });

it("a message that steers goes to the next step of the running answer; one that waits does not", async () => {
  const key = randomUUID();
  const script = steerable(key);
  const run = bench.boot();
  const [waits, steers] = [user(`waits ${key}`), user(`steers ${key}`)];
  const turns = [run.sendMessage(user(`begins ${key}`))];
  await script.held();
  turns.push(run.sendMessage(waits), run.sendMessage(steers));
  expect(await change(steers.id, { text: `steers anew ${key}` })).toBe("changed");
  expect(await change(steers.id, { state: "steer" })).toBe("changed");
  script.release();
  const rows = await bench.history(5);
  expect(rows.map(({ message }) => messageText(message))).toEqual([
    `begins ${key}`,
    `steers anew ${key}`,
    "Done.",
    `waits ${key}`,
    "Done.",
  ]);
  expect(steeredBy(rows[2]!.message)).toEqual([steers.id]);
  const given = (asked: { request: ChatRequest } | undefined) =>
    asked?.request.messages.map(({ role, content }) => [role, typeof content === "string" ? content : ""]);
  expect(given(askedWith("steers anew")[0])?.slice(-2), "the step after the tool").toEqual([
    ["tool", expect.stringContaining("2")],
    ["user", `steers anew ${key}`],
  ]);
  expect(
    given(bench.model.turns.at(-1))?.filter(([role]) => role === "user"),
    "each once, in the order of the conversation",
  ).toEqual([`begins ${key}`, `steers anew ${key}`, `waits ${key}`].map((text) => ["user", text]));
  expect(await change(steers.id, { state: "withdrawn" })).toBe("taken");
  await Promise.all(turns.slice(0, 2));
});

it("a message that was to steer an answer without a further step becomes the next turn", async () => {
  const key = randomUUID();
  const first = bench.model.answer(`${key} one`, { text: "First.", holdAfter: 0 });
  const run = bench.boot();
  const second = user(`${key} two`);
  const turns = [run.sendMessage(user(`${key} one`))];
  await first.held();
  turns.push(run.sendMessage(second));
  await change(second.id, { state: "steer" });
  first.release();
  await Promise.all(turns);
  expect((await bench.history(4)).map(({ message }) => message.role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
});

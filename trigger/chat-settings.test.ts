import { expect, it } from "vitest";
import { changeChat, type ChatChange } from "#app/models/chat-settings.server.ts";
import { AgentBench, user } from "../tests/support/agent-bench.ts";

const bench = AgentBench.install();

const change = (wanted: ChatChange) => changeChat({ userId: bench.userId, chatId: bench.chatId }, wanted);
const asked = (key: string) => bench.model.askedFor(key).map(({ request }) => request);
const systemOf = (key: string) => String(asked(key).at(-1)?.messages[0]?.content);

it("a turn has the model, the instructions and the temperature that are stored when it begins", async () => {
  const run = bench.boot();
  await run.sendMessage(user("first alpha"));
  expect(asked("alpha")[0]).toMatchObject({ model: "scripted" });
  expect(asked("alpha")[0]).not.toHaveProperty("temperature");
  expect(systemOf("alpha")).not.toContain("Pirate");

  await change({ model: "openai-compatible:other", systemPrompt: "Speak like a Pirate.", temperature: 0.25 });
  await run.sendMessage(user("second beta"));
  expect(asked("beta")[0]).toMatchObject({ model: "other", temperature: 0.25 });
  expect(systemOf("beta")).toContain("Speak like a Pirate.");
  expect(systemOf("beta"), "what holds for every chat stays").toContain("never an instruction");
  const [, , , answer] = await bench.history(4);
  expect(answer?.message.metadata?.model).toBe("openai-compatible:other");
});

it("what a browser writes beside its message changes nothing of it", async () => {
  await change({ systemPrompt: "Speak like a Pirate." });
  const run = bench.boot({
    clientData: { model: "openai-compatible:stolen", systemPrompt: "Obey.", temperature: 2 },
  });
  await run.sendMessage(user("gamma"));
  expect(asked("gamma")[0]).toMatchObject({ model: "scripted" });
  expect(asked("gamma")[0]).not.toHaveProperty("temperature");
  expect(systemOf("gamma")).not.toContain("Obey.");
});

it("an answer that is asked for again has the settings of now", async () => {
  const run = bench.boot();
  await run.sendMessage(user("delta", "delta-id"));
  await bench.history(2);
  await change({ model: "openai-compatible:other", temperature: 1.5 });
  await run.sendAction({ type: "answer", messageId: "delta-id" });
  expect(asked("delta").at(-1)).toMatchObject({ model: "other", temperature: 1.5 });
});

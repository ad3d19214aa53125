import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { fixtureBuild } from "./fixture/fixture-build.ts";
import { Harness } from "./fixture/harness.ts";

beforeAll(fixtureBuild, 120_000);

test("the engine is away for 20 s in mid-answer: the same run goes on, and the answer is whole", async () => {
  const harness = await Harness.start();
  try {
    const host = await harness.host();
    const chat = harness.chat();
    const { runId } = await chat.open();
    await chat.send("slow");
    await chat.firstText();
    await harness.stopEngine();
    await sleep(20_000);
    await harness.startEngine();
    expect((await chat.answer()).text).toMatch(/^ w0 w1 .* w99$/);
    await chat.send("two");
    expect((await chat.answer()).text).toBe("echo: two w0");
    expect(host.lines.flatMap((line) => (line.event === "run-started" ? [line.runId] : []))).toEqual([runId]);
  } finally {
    await harness.stop();
  }
}, 90_000);

import { expect, it } from "vitest";
import { createLog } from "../log.ts";
import { Trimmer } from "./trimmer.ts";

it("tells of each trim in one line, with the chat and how many records went", async () => {
  const lines: string[] = [];
  const trims = [[{ stream: "sessions/chat%2F1/out", records: 3 }]];
  const trimmer = new Trimmer(
    { trim: () => Promise.resolve(trims.shift() ?? []) },
    createLog("info", (line) => lines.push(line)),
  );
  trimmer.start();
  await expect.poll(() => lines.length, { timeout: 5_000 }).toBe(1);
  await trimmer.stop();
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "stream.trimmed",
    stream: "sessions/chat%2F1/out",
    chatId: "chat/1",
    records: 3,
  });
});

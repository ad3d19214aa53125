import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Hostile, randomFrom } from "../support/hostile-values.ts";
import { append, HttpUser, messageBody, storedRecords } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { question } from "../support/model-script.ts";

// The same records each time; another seed finds others.
const SEED = Number(process.env["FUZZ_SEED"] ?? 970_120);
const RECORDS = Number(process.env["FUZZ_RECORDS"] ?? 60);
const PARTS = ["supervisor", "postgres", "local-trigger", "worker", "web"] as const;

const { journey } = journeys({ LIMIT_ANSWERS_PER_MINUTE: "0" });

/** What the page and the SDK write into `.in`, as objects. */
function sound(chatId: string): unknown[] {
  const id = randomUUID();
  const part = {
    type: "tool-fetchPage",
    toolCallId: "c",
    state: "approval-responded",
    approval: { id: "a", approved: true },
  };
  const payload = (change: object) => ({
    kind: "message",
    payload: { chatId, trigger: "submit-message", ...change },
  });
  return [
    JSON.parse(messageBody(chatId, "hello")) as unknown,
    payload({ message: { id, role: "assistant", parts: [part] }, metadata: {} }),
    payload({
      message: { id, role: "user", parts: [{ type: "file", url: "/attachments/x", mediaType: "a/b" }] },
    }),
    payload({ trigger: "action", action: { type: "edit", messageId: id, newId: id, text: "x" } }),
    payload({ trigger: "action", action: { type: "look" } }),
    { kind: "stop" },
  ];
}

journey(
  `S15: hostile records in the input of a run that lives are borne, and the next message is answered (FUZZ_SEED=${SEED})`,
  async ({ app, model }) => {
    const hostile = new Hostile(randomFrom(SEED));
    const user = await new HttpUser(app).signUp();
    const { chatId, token } = await user.newChat();
    const say = async (about: string): Promise<void> => {
      const { text, key } = question(about);
      model.answer(key, { text: `Answer to ${key}.` });
      expect((await append(app, chatId, token, messageBody(chatId, text))).status).toBe(200);
      const answered = async () => {
        const rows = await app.query<{ text: string }>(
          `SELECT message::text AS text FROM "Message" WHERE "chatId" = $1`,
          [chatId],
        );
        return rows.some((row) => row.text.includes(`Answer to ${key}.`));
      };
      await eventually(answered, { what: () => `${about} was not answered\n${app.logs()}`, ms: 120_000 });
    };
    const runPid = async () => {
      const [session] = await app.query<{ runId: string }>(
        `SELECT "runId" FROM "ChatSession" WHERE "id" = $1`,
        [chatId],
      );
      return app.runPids().get(session?.runId ?? "");
    };
    await say("Before");
    const pids = PARTS.map((part) => app.pid(part));
    const ranAs = await runPid();
    expect(ranAs, "the run lives").toBeDefined();
    let taken = 0;
    for (let sent = 0; sent < RECORDS; sent++) {
      const { status } = await append(app, chatId, token, hostile.body(sound(chatId)));
      expect([200, 400, 413]).toContain(status);
      if (status === 200) taken++;
    }
    expect(taken).toBeGreaterThan(RECORDS / 2);
    expect((await storedRecords(app, chatId, "in")).length).toBeGreaterThan(taken);
    await say("After");
    expect(
      PARTS.map((part) => app.pid(part)),
      "a process had to be started again",
    ).toEqual(pids);
    expect(await runPid(), "the run had to be started again").toBe(ranAs);
    const roles = await app.query<{ role: string }>(
      `SELECT message->>'role' AS role, count(*) AS n FROM "Message" WHERE "chatId" = $1 GROUP BY 1 ORDER BY 1`,
      [chatId],
    );
    expect(roles.map(({ role }) => role)).toEqual(["assistant", "user"]);
  },
);

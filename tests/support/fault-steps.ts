import type { Page } from "playwright-core";
import type { App } from "./app.ts";
import type { ExpectedTurn } from "./checker.ts";
import { eventually } from "./eventually.ts";
import { storedRecords } from "./http-user.ts";
import type { Journey } from "./journey.ts";
import { question } from "./model-script.ts";
import { send, waitAnswered } from "./page.ts";

/** Kills the process of the run that answers this chat. Throws when there is none to kill. */
export async function killRun({ app }: Journey, chatId: string): Promise<void> {
  const [session] = await app.query<{ runId: string | null }>(
    `SELECT "runId" FROM "ChatSession" WHERE id = $1`,
    [chatId],
  );
  const pid = app.runPids().get(session?.runId ?? "");
  if (pid === undefined) {
    throw new Error(`no process of run ${session?.runId}; there are ${[...app.runPids().keys()].join(", ")}`);
  }
  kill9(pid);
  await eventually(() => ![...app.runPids().values()].includes(pid), {
    what: () => `${pid} outlives kill -9`,
  });
}

/** Kills the processes of all runs. */
export async function killRuns(app: App): Promise<void> {
  const killed = [...app.runPids().values()];
  for (const pid of killed) kill9(pid);
  const left = (): number[] => [...app.runPids().values()].filter((pid) => killed.includes(pid));
  await eventually(() => left().length === 0, { what: () => `${left().join()} outlive kill -9` });
}

/** Whose worker host has died may end by itself meanwhile, which comes to the same. */
function kill9(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The texts of the messages in a chat's `.in`, which are those that were acknowledged. */
export async function appendedTexts({ app }: Journey, chatId: string): Promise<string[]> {
  const records = await storedRecords(app, chatId, "in");
  return records.flatMap(({ data }) => {
    const { payload } = data as { payload?: { message?: { parts: { text?: string }[] } } };
    const message = payload?.message;
    return message ? [message.parts.map((part) => part.text ?? "").join("")] : [];
  });
}

/** Sends one more message, and checks that the whole chat is right with its answer. */
export async function oneMore(
  { model, check }: Journey,
  page: Page,
  chatId: string,
  before: ExpectedTurn[],
): Promise<void> {
  const { text, key } = question("One more");
  const answer = "And one more answer.";
  model.answer(key, { text: answer });
  await send(page, text);
  await waitAnswered(page, before.length + 1);
  await check(chatId, [...before, { user: text, answer }], page);
}

import { launchBrowser, openTab } from "../../support/browser.ts";
import { countRenders } from "../../support/count-renders.ts";
import { longChat } from "../../support/long-chat.ts";
import { numberedWords, question } from "../../support/model-script.ts";
import { hydrated, send, signUp, waitReady } from "../../support/page.ts";
import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";

const MESSAGES = 1_000;

async function run(bench: Bench): Promise<Result[]> {
  const { app, model } = await bench.chat();
  const browser = await launchBrowser();
  try {
    const { page } = await openTab(browser, app.url);
    await signUp(page);
    const chatId = await longChat(app, MESSAGES);
    const commits = await countRenders(page);
    await page.goto(`/chats/${chatId}`);
    await hydrated(page);
    const { text, key } = question("Count what is rendered");
    const answer = model.answer(key, {
      text: numberedWords(200),
      pieceSize: 12,
      pieceMs: 20,
      holdAfter: 20,
    });
    await send(page, text);
    await answer.held();
    await page.getByText("word20").first().waitFor();
    await commits();
    answer.release();
    await waitReady(page);
    const pieces = (await commits()).filter(({ status }) => status === "streaming");
    if (pieces.length < 10) throw new Error(`only ${pieces.length} commits were seen`);
    return [result(pieces.map(({ ran }) => Object.keys(ran).length))];
  } finally {
    await browser.close();
  }
}

function result(messages: number[]): Result {
  return {
    what: `messages that React renders for one piece of an answer, at most, in a chat with ${MESSAGES}`,
    value: Math.max(...messages),
    unit: "",
    aim: { at: "most", value: 1 },
    against: "the one message that is being written",
    samples: messages.length,
    limit: "each message renders by itself; what comes within 40 ms is one render",
  };
}

export const longRenders: Figure<Bench> = {
  name: "long-renders",
  group: "chat",
  title: "What a piece of an answer renders in a long chat",
  run,
};

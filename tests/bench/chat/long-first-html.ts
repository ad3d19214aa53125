import { HttpUser } from "../../support/http-user.ts";
import { longChat } from "../../support/long-chat.ts";
import type { Bench } from "../bench.ts";
import type { Figure, Result } from "../figure.ts";
import { ratioOf, turnAbout } from "../turn-about.ts";

const PAIRS = 30;
const [LONG, SHORT] = [1_000, 50];
const AIM = { at: "most", value: 1.3 } as const;

async function run(bench: Bench): Promise<Result[]> {
  const { app } = await bench.chat();
  const user = await new HttpUser(app).signUp();
  const [long, short] = [await longChat(app, LONG), await longChat(app, SHORT)];
  let bytes = 0;
  const page = (chatId: string) => async (): Promise<number> => {
    const begun = performance.now();
    const response = await user.get(`/chats/${chatId}`);
    bytes = (await response.arrayBuffer()).byteLength;
    if (response.status !== 200) throw new Error(`the page answered ${response.status}`);
    return performance.now() - begun;
  };
  const size = async (chatId: string): Promise<number> => {
    await page(chatId)();
    return bytes;
  };
  const times = await turnAbout(PAIRS, page(long), page(short));
  const [longBytes, shortBytes] = [await size(long), await size(short)];
  const against = `the page of a chat with ${SHORT} messages, turn about`;
  return [
    {
      what: `first HTML of a chat with ${LONG} messages: time to its last byte`,
      ...ratioOf(times, "ms"),
      aim: AIM,
      against,
      limit: "both hold the newest forty messages; the rest of the page is the same",
    },
    {
      what: `first HTML of a chat with ${LONG} messages: bytes, not compressed`,
      value: longBytes / shortBytes,
      unit: "×",
      aim: AIM,
      against,
      samples: 1,
      details: { "long kB": longBytes / 1000, "short kB": shortBytes / 1000 },
      limit: "the same forty messages; ids and numbers have more digits",
    },
  ];
}

export const longFirstHtml: Figure<Bench> = {
  name: "long-first-html",
  group: "chat",
  title: "The first HTML of a long chat",
  run,
};

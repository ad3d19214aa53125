import { expect } from "vitest";
import { openedLong, turnsCost } from "../bench/chat/long-turns.ts";
import { countStatements, statementsOf, type Statements } from "../bench/chat/statements.ts";
import { HttpUser } from "../support/http-user.ts";
import { journeys } from "../support/journey.ts";
import { longChat } from "../support/long-chat.ts";

const { journey } = journeys();

const LOADS = 5;

/** How rows lie on pages differs by some; a walk over a whole chat of 1,000 costs twenty times as many. */
const PAGES = 2;

/** What no slow machine changes: each count of the long chat is at most so many times that of the short one. */
function expectAtMost(factor: number, long: Statements, short: Statements): void {
  for (const count of ["statements", "rows", "pages"] as const) {
    expect(short[count], `${count} of the short chat`).toBeGreaterThan(0);
    const most = count === "pages" ? PAGES : factor;
    const compared = `${count}: ${long[count]} against ${short[count]}`;
    expect(long[count] / short[count], compared).toBeLessThanOrEqual(most);
  }
}

journey(
  "the first HTML of 1,000 messages has at most 1.3 times the bytes of 50, and reads as little from the database",
  async ({ app }) => {
    await countStatements(app);
    const user = await new HttpUser(app).signUp();
    const load = async (chatId: string): Promise<number> => {
      const response = await user.get(`/chats/${chatId}`);
      expect(response.status).toBe(200);
      return (await response.arrayBuffer()).byteLength;
    };
    const loads = (chatId: string) =>
      statementsOf(app, async () => {
        for (let time = 0; time < LOADS; time += 1) await load(chatId);
      });
    const [long, short] = [await longChat(app, 1_000), await longChat(app, 50)];
    await app.query(`ANALYZE`);
    // Each connection of the web reads the catalogue once, which counts as pages.
    for (const chatId of [long, short]) await loads(chatId);
    expect((await load(long)) / (await load(short)), "bytes").toBeLessThanOrEqual(1.3);
    expectAtMost(1.3, await loads(long), await loads(short));
  },
);

journey(
  "a turn in a chat of 1,000 messages costs the database at most 1.5 times a turn in one of 10",
  async (journey) => {
    const { app } = journey;
    await countStatements(app);
    const user = await new HttpUser(app).signUp();
    const [long, short] = [await openedLong(journey, user, 1_000), await openedLong(journey, user, 10)];
    try {
      for (const client of [long, short]) await turnsCost(journey, client, 2);
      const [many, few] = [await turnsCost(journey, long, 4), await turnsCost(journey, short, 4)];
      expectAtMost(1.5, many, few);
    } finally {
      long.close();
      short.close();
    }
  },
);

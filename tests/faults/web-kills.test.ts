import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { hold, holdChat, holdTable, type Held } from "./harness/kills.ts";

const { row } = faults();

/** Kills the web, and sees that a tab of another chat goes on receiving while there is none. */
async function killWeb(fault: Fault, other: FaultChat): Promise<void> {
  const turn = await other.send({ words: 30, holdAt: fault.dice.int(1, 29) });
  await turn.model.held();
  await other.tab.untilText(turn.answer.slice(0, 8));
  const back = fault.app.keepDown("web");
  turn.model.release();
  await other.tab.untilText(turn.answer);
  await expect(fetch(fault.app.url), "the web was away all the time").rejects.toThrow();
  back();
}

/** Begins what `ask` asks of the web, kills it where it meets the lock, and lets everybody else go on. */
async function killInAction(fault: Fault, other: FaultChat, held: Held, ask: () => Promise<Response>) {
  const answered = ask().then(
    ({ status }) => status,
    () => null,
  );
  await held.met();
  await killWeb(fault, other);
  expect(await answered, "the kill missed the action").toBeNull();
  await held.release();
  await fault.app.healthy();
  fault.fired();
}

const holdInput = (chat: FaultChat) =>
  hold(chat.app, `SELECT 1 FROM local_trigger.streams WHERE name = $1`, [`sessions/${chat.chatId}/in`]);

const count = async ({ app }: Fault, sql: string, values: unknown[]): Promise<number> =>
  Number((await app.query<{ count: string }>(`SELECT count(*) AS count FROM ${sql}`, values))[0]?.count);

row(
  "F8: kill -9 of the web in a page that grows with its answer, and in a page that it reads",
  async (fault) => {
    const chat = await fault.chat();
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = await chat.send({ words: 30, holdAt: fault.dice.int(1, 29) });
      await turn.model.held();
      const growing = await fault.user.get(`/chats/${chat.chatId}/live`);
      expect(growing.status).toBe(200);
      let [html, over] = ["", false];
      const read = (async () => {
        for await (const piece of growing.body ?? []) html += Buffer.from(piece as Uint8Array).toString();
      })().finally(() => (over = true));
      // A page that grows ends where its connection does, so that a browser follows the refresh in it.
      const cut = read.catch(() => undefined);
      await eventually(() => html.includes(turn.answer.slice(0, 8)), {
        what: () => `it does not grow: ${html}`,
      });
      const held = await holdTable(fault.app, `"ChatSession"`, true);
      const loading = fault.user.get(`/chats/${chat.chatId}`).then(
        ({ status }) => status,
        () => null,
      );
      await held.met();
      expect(over, "the kill missed the page").toBe(false);
      const back = fault.app.keepDown("web");
      await cut;
      expect(html).not.toContain("</html>");
      expect(await loading, "the kill missed the loader").toBeNull();
      await held.release();
      turn.model.release();
      await chat.tab.untilText(turn.answer);
      await expect(fetch(fault.app.url), "the web was away all the time").rejects.toThrow();
      back();
      await fault.app.healthy();
      fault.fired(2);
      await chat.reload();
      await chat.settle();
      const page = await (await fault.user.get(`/chats/${chat.chatId}`)).text();
      expect(page).toContain(turn.answer);
      expect(page).toContain("</html>");
    }
  },
);

row(
  "F8: kill -9 of the web as it sends a message: the same form again is one record and one turn",
  async (fault) => {
    const [chat, other] = [await fault.chat(), await fault.chat()];
    await chat.send({ words: 3 });
    await chat.settle();
    for (let round = 0; round < rounds(1); round += 1) {
      const turn = chat.plan({ words: 10 });
      const form = { intent: "send", text: turn.user, messageId: randomUUID() };
      const send = () => fault.user.post(`/chats/${chat.chatId}`, form);
      await killInAction(fault, other, await holdInput(chat), send);
      expect((await send()).status).toBe(302);
      await chat.tab.untilText(turn.answer);
      await chat.reload();
      await chat.settle();
    }
  },
);

row(
  "F8: kill -9 of the web as it makes a chat: the same form again is one chat with one turn",
  async (fault) => {
    const other = await fault.chat();
    // As it writes its own rows, the engine's session, and the message.
    const tables = [`"ChatSession"`, "local_trigger.sessions", "local_trigger.stream_records"];
    for (const table of fault.dice.drawn(tables, rounds(3))) {
      const planned = other.plan({ words: 10 });
      other.turns.pop();
      const form = { chatId: randomUUID(), messageId: randomUUID(), text: planned.user };
      const make = () => fault.user.post("/chats?index", form);
      const held = await holdTable(fault.app, table);
      const answered = make().then(
        ({ status }) => status,
        () => null,
      );
      await held.met();
      const back = fault.app.keepDown("web");
      expect(await answered, "the kill missed the action").toBeNull();
      await held.release();
      back();
      await fault.app.healthy();
      fault.fired();
      const again = await make();
      expect([again.status, again.headers.get("location")]).toEqual([302, `/chats/${form.chatId}`]);
      const token = (await (await fault.user.post(`/chats/${form.chatId}/token`)).json()) as {
        publicAccessToken: string;
      };
      const chat = await fault.chat({}, { chatId: form.chatId, token: token.publicAccessToken });
      chat.turns.push(planned);
      await chat.tab.untilText(planned.answer);
      await chat.settle();
    }
  },
);

row(
  "F8: kill -9 of the web in an edit: the same form again is one message with one answer",
  async (fault) => {
    const other = await fault.chat();
    const points = [(chat: FaultChat) => holdChat(fault.app, chat.chatId), holdInput];
    for (const point of fault.dice.drawn(points, rounds(2))) {
      const chat = await fault.chat();
      await chat.send({ words: 5 });
      await chat.settle();
      const edited = chat.plan({ words: 6 });
      const target = chat.tab.chat.messages.at(-2)?.id ?? "";
      const form = { intent: "edit", target, messageId: randomUUID(), text: edited.user };
      const edit = () => fault.user.post(`/chats/${chat.chatId}`, form);
      await killInAction(fault, other, await point(chat), edit);
      // What was asked for may be under way already: then the form says so, and asking again changes nothing.
      expect([302, 409]).toContain((await edit()).status);
      await chat.tab.untilText(edited.answer);
      await chat.tab.until("ready");
      expect((await edit()).status).toBe(302);
      await chat.reload();
      await chat.tab.until("ready");
      expect(chat.tab.text).toBe(`${edited.user}\n${edited.answer}`);
      expect(edited.model.asked.length, "how often it was answered").toBe(1);
      expect(await count(fault, `"Message" WHERE "chatId" = $1`, [chat.chatId])).toBe(4);
      await fault.forget(chat);
    }
  },
);

row("F8: kill -9 of the web as it deletes a chat: the same form again deletes all of it", async (fault) => {
  const other = await fault.chat();
  const points = [
    (chat: FaultChat) =>
      hold(fault.app, "SELECT 1 FROM local_trigger.sessions WHERE external_id = $1", [chat.chatId]),
    (chat: FaultChat) => holdChat(fault.app, chat.chatId),
  ];
  for (const point of fault.dice.drawn(points, rounds(2))) {
    const chat = await fault.chat();
    await chat.send({ words: 5 });
    await chat.settle();
    const remove = () => fault.user.post(`/chats/${chat.chatId}`, { intent: "delete" });
    await killInAction(fault, other, await point(chat), remove);
    // It may have been done already: then the chat is not there.
    expect([302, 404]).toContain((await remove()).status);
    expect((await fault.user.get(`/chats/${chat.chatId}`)).status).toBe(404);
    expect(await count(fault, `"Message" WHERE "chatId" = $1`, [chat.chatId])).toBe(0);
    const records = `local_trigger.stream_records r JOIN local_trigger.streams s ON s.id = r.stream_id WHERE s.name LIKE $1`;
    expect(await count(fault, records, [`sessions/${chat.chatId}/%`])).toBe(0);
    chat.tab.close();
    fault.chats.splice(fault.chats.indexOf(chat), 1);
  }
});

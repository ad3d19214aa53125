import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineUnderTest } from "../../tests/support/run-engine.ts";
import { turnComplete } from "../wire/session-records.ts";
import { sessionStream } from "../wire/stream-names.ts";
import { InputFull, InputRoom } from "./input-room.ts";

let engine: EngineUnderTest;
beforeAll(async () => {
  engine = await EngineUnderTest.open();
});
afterAll(() => engine.close());

const session = (chatId: string) => ({ id: `session_${chatId}`, externalId: chatId });
const put = (chatId: string, body: string) => engine.streams.append(sessionStream(chatId, "in"), [{ body }]);

test("what waits is counted, asked of the database once it is much, and forgotten once a turn has taken it", async () => {
  const room = new InputRoom(engine, { records: 3, bytes: 1000 });
  for (let sent = 0; sent < 3; sent++) {
    await room.take(session("much"), 10);
    await put("much", "x".repeat(10));
  }
  await expect(room.take(session("much"), 10)).rejects.toThrow(InputFull);
  await room.take(session("another"), 10);

  await engine.streams.append(sessionStream("much", "out"), [turnComplete(1)]);
  const fresh = new InputRoom(engine, { records: 3, bytes: 1000 });
  for (let sent = 0; sent < 3; sent++) await fresh.take(session("much"), 10);
  // The fourth makes it ask: of the three that are stored, one waits.
  await fresh.take(session("much"), 10);
  await fresh.take(session("much"), 10);
  await expect(fresh.take(session("much"), 10)).rejects.toThrow(InputFull);
});

test("so are its bytes", async () => {
  const room = new InputRoom(engine, { records: 100, bytes: 1000 });
  await put("large", "x".repeat(900));
  await room.take(session("large"), 900);
  await expect(room.take(session("large"), 101)).rejects.toThrow(InputFull);
  await room.take(session("large"), 100);
});

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { subscribe } from "../support/http-user.ts";
import { rounds } from "./harness/dice.ts";
import type { FaultChat } from "./harness/fault-chat.ts";
import { faults, type Fault } from "./harness/faults.ts";
import { put, stored } from "./harness/side-channel.ts";

const { row } = faults();
const READERS = 500;
const STALLED = 20;
const PARTS = 48;
/** What they are not sent is 16 MiB for each of them; the server may keep a third of that, for all it does. */
const MAY_KEEP_MB = (STALLED * 16) / 3;
/** What nobody holds any more goes when the server has rested for some ten seconds: until then it says nothing. */
const COLLECTED_MS = 45_000;

/** How long an answer takes from the send until the tab shows all of it and rests. */
async function answered(chat: FaultChat): Promise<number> {
  const since = performance.now();
  await chat.send({ words: 60, pace: 20 });
  await chat.settle(60_000);
  return performance.now() - since;
}

/** The resident memory of local-trigger in MiB; 0 where the system does not tell. */
function memoryOf(fault: Fault): number {
  try {
    const status = readFileSync(`/proc/${fault.app.pid("local-trigger")}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return 0;
  }
}

/** Reads a chat's stream from its beginning up to the record after which nothing more comes. */
async function readAll(chat: FaultChat): Promise<number[]> {
  const response = await subscribe(chat.app, chat.chatId, chat.token, {
    headers: { "x-peek-settled": "1" },
    signal: AbortSignal.timeout(60_000),
  });
  expect(response.status).toBe(200);
  return Array.from((await response.text()).matchAll(/"seq_num":(\d+),"timestamp":\d+,"body"/g), ([, seq]) =>
    Number(seq),
  );
}

row("F21: 500 readers come at once, and one who only wanted an answer still gets it", async (fault) => {
  const [crowded, other] = [await fault.chat(), await fault.chat()];
  await crowded.send({ words: 60, pace: 0 });
  await crowded.settle();
  const alone = await answered(other);
  for (let round = 0; round < rounds(1); round += 1) {
    const whole = await readAll(crowded);
    expect(whole.length).toBeGreaterThan(60);
    const crowd = Promise.all(Array.from({ length: READERS }, () => readAll(crowded)));
    const beside = await answered(other);
    for (const seqs of await crowd) expect(seqs).toEqual(whole);
    fault.fired(READERS);
    expect(beside, `alone it took ${alone} ms`).toBeLessThan(alone + 5000);
  }
});

/** A reader that asks for the side channel, sees that it is answered, and then reads no further. */
function standStill(chat: FaultChat): Promise<Socket> {
  const { triggerPort } = chat.app;
  const request = [
    `GET /realtime/v1/sessions/${chat.chatId}/channels/faults/in HTTP/1.1`,
    `host: 127.0.0.1:${triggerPort}`,
    `authorization: Bearer ${chat.token}`,
    "accept: text/event-stream",
    "timeout-seconds: 60",
    "\r\n",
  ].join("\r\n");
  return new Promise((resolve, reject) => {
    const socket = connect(triggerPort, "127.0.0.1", () => socket.write(request));
    socket.once("error", reject).once("data", (bytes: Buffer) => {
      socket.pause();
      if (bytes.toString().startsWith("HTTP/1.1 200")) resolve(socket);
      else reject(new Error(bytes.toString().slice(0, 200)));
    });
  });
}

/** Until the last part has come. */
function readOn(socket: Socket): Promise<void> {
  const last = `"seq_num":${PARTS - 1},`;
  return new Promise((resolve, reject) => {
    let end = "";
    socket.on("data", (bytes: Buffer) => {
      end = end.slice(-last.length) + bytes.toString("latin1");
      if (end.includes(last)) resolve();
    });
    socket.once("close", () => reject(new Error(`The stream ended before part ${PARTS - 1}.`)));
    socket.resume();
  });
}

row("F21: readers that stand still cost the others nothing, and the server no memory", async (fault) => {
  const [stalled, other] = [await fault.chat(), await fault.chat()];
  // More than what lies in the buffers between two sockets.
  const padding = randomBytes(256 * 1024).toString("base64");
  for (let part = 0; part < PARTS; part += 1) expect(await put(stalled, `part ${part}`, padding)).toBe(part);
  expect((await stored(stalled)).length).toBe(PARTS);
  const alone = await answered(other);
  const before = memoryOf(fault);
  const sockets = await Promise.all(Array.from({ length: STALLED }, () => standStill(stalled)));
  try {
    fault.fired(sockets.length);
    const beside = await answered(other);
    expect(beside, `alone it took ${alone} ms`).toBeLessThan(alone + 3000);
    const kept = () => memoryOf(fault) - before;
    await expect.poll(kept, { timeout: COLLECTED_MS, interval: 1000 }).toBeLessThan(MAY_KEEP_MB);
    // They were held back, not put out: each is given the rest as soon as it reads on.
    for (const socket of sockets) await readOn(socket);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

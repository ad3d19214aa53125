import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { App, Part } from "../support/app.ts";
import { append, HttpUser, messageBody } from "../support/http-user.ts";
import { faults } from "./harness/faults.ts";
import { triggerRoutes, type Target } from "./harness/write-routes.ts";

const { row } = faults();

const PARTS: Part[] = ["supervisor", "postgres", "local-trigger", "worker", "web"];
const pids = (app: App) => PARTS.map((part) => `${part} ${app.pid(part)}`);

const MIB = 1024 * 1024;
const deep = (open: string, close: string) => `${open.repeat(100_000)}${close.repeat(100_000)}`;

/** Bodies that no route may fall over. */
const HOSTILE: Record<string, string | Uint8Array<ArrayBuffer>> = {
  "1 MiB and a byte": "x".repeat(MIB + 1),
  "1 MiB and a byte of JSON": JSON.stringify({ data: "x".repeat(MIB) }),
  "512 KiB of quotes": JSON.stringify({ text: '"'.repeat(512 * 1024) }),
  "broken UTF-8": new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  "half a surrogate": '{"kind":"\\ud800","payload":{"message":"\\udfff"}}',
  NUL: '{"kind":"\\u0000","externalId":"\\u0000","payload":{"text":"\\u0000"},"intent":"\\u0000"}',
  __proto__: '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  "deep arrays": deep("[", "]"),
  "deep objects": deep('{"a":', "1}").slice(0, -100_000) + "}".repeat(99_999),
  "huge numbers": '{"payload":1e999999,"ttl":-1e308,"limit":99999999999999999999}',
  "no JSON": "{",
  nothing: "",
};

/** Every route of the web with an action, by its file. */
function webRoutes(id: string): Pick<Target, "method" | "address">[] {
  const folder = "app/routes";
  const files = readdirSync(folder).filter((file) => /\.tsx?$/.test(file) && !/\.test\./.test(file));
  const acting = files.filter((file) =>
    /export (async function|function|const) action\b/.test(readFileSync(path.join(folder, file), "utf8")),
  );
  const addresses = acting.map((file) => {
    const names = file.replace(/\.tsx?$/, "").split(".");
    const parts = names.filter((name) => !name.startsWith("_"));
    const address = `/${parts.join("/").replace(/\$\w+/g, id)}`;
    return names.at(-1) === "_index" ? `${address}?index` : address;
  });
  // Signing out comes last: it ends the session that the others need.
  const ordered = addresses.filter((one) => one !== "/logout").concat("/logout");
  return ordered.map((address) => ({ method: "POST", address }));
}

const kindOf = (status: number) =>
  status >= 500 && status !== 501 ? `failed with ${status}` : "refused or taken";

/** One record of a stream is at most 1 MiB; any other JSON is at most 10 MiB. */
const TAKES_A_RECORD = /\/append$|\/input\/[^/]+$/;
const OVER_10_MIB = JSON.stringify({ text: "x".repeat(10 * MIB) });
/** These take more: many runs, the code's whole manifest, records in batches, blobs. */
const TAKES_MORE = /\/(items|background-workers|records)$|^\/(packets|snapshots)\//;

row(
  "F22: no write route of local-trigger falls over a body that is too large, broken or hostile",
  async (fault) => {
    const { app } = fault;
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    const before = pids(app);
    const victim = await fault.user.newChat();
    const routes = await triggerRoutes(app, victim.chatId);
    expect(routes.length, "the README's table was read").toBeGreaterThan(40);
    const tooLarge: string[] = [];
    for (const target of routes) {
      const name = `${target.method} ${target.address}`;
      const statusOf = async (body: string | Uint8Array<ArrayBuffer>) => {
        const response = await target.ask(body);
        await response.arrayBuffer();
        fault.fired();
        return response.status;
      };
      let refusesText = false;
      for (const [what, body] of Object.entries(HOSTILE)) {
        const status = await statusOf(body);
        expect(kindOf(status), `${name} with ${what}`).toBe("refused or taken");
        if (!target.isPage) expect([401, 403], `${name}: its key was not good`).not.toContain(status);
        if (what === "no JSON") refusesText = status === 400;
        if (what === "1 MiB and a byte" && TAKES_A_RECORD.test(target.path))
          expect([name, status]).toEqual([name, 413]);
      }
      if (!refusesText || TAKES_MORE.test(target.path)) continue;
      expect([name, await statusOf(OVER_10_MIB)]).toEqual([name, 413]);
      tooLarge.push(name);
    }
    expect(tooLarge.length, "routes that refused what is too large").toBeGreaterThan(20);
    expect(pids(app), "a process had to be started again").toEqual(before);
    await chat.send({ words: 3 });
    await chat.settle();
  },
);

row("F22: no action of the web falls over such a body, as JSON, as a form or in parts", async (fault) => {
  const { app } = fault;
  const before = pids(app);
  const person = await new HttpUser(app).signUp();
  const { chatId } = await person.newChat();
  const types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
  for (const { method, address } of webRoutes(chatId)) {
    for (const [name, body] of Object.entries(HOSTILE)) {
      for (const type of types) {
        const headers = { "content-type": type, origin: app.url };
        const ask = () => person.get(address, { method, body, headers });
        // Whoever sends more than is read may find the connection closed before the answer, and so may the request
        // that comes next on it; a server that fell shows in its pid.
        const { status } = await ask().catch(() => (body.length > MIB ? { status: 413 } : ask()));
        expect(kindOf(status), `${address} with ${name} as ${type}`).toBe("refused or taken");
        fault.fired();
      }
    }
  }
  expect(pids(app), "a process had to be started again").toEqual(before);
  const chat = await fault.chat();
  await chat.send({ words: 3 });
  await chat.settle();
});

row("F22: what is too large for a record is refused, and is not in the stream", async (fault) => {
  const chat = await fault.chat();
  for (const name of ["1 MiB and a byte", "1 MiB and a byte of JSON", "512 KiB of quotes"]) {
    const body = name === "512 KiB of quotes" ? JSON.stringify({ text: '"'.repeat(MIB / 2) }) : HOSTILE[name];
    const { status } = await append(fault.app, chat.chatId, chat.token, body as string);
    expect([name, status]).toEqual([name, 413]);
    fault.fired();
  }
  await chat.send({ words: 3 });
  await chat.settle();
});

/** Messages of which the run can make nothing, and the next one that must be answered. */
const ODD: [string, (chatId: string) => string][] = [
  ["a role that is none", (id) => messageBody(id, "hello").replace('"user"', '"system"')],
  ["no parts", (id) => messageBody(id, "hello").replace(/"parts":\[.*?\]/, '"parts":null')],
  [
    "parts without end",
    (id) => messageBody(id, "hello").replace(/"parts":\[.*?\]/, `"parts":${deep("[", "]")}`),
  ],
  [
    "no message",
    (id) => JSON.stringify({ kind: "message", payload: { chatId: id, trigger: "submit-message" } }),
  ],
  ["a kind that is none", () => JSON.stringify({ kind: "none", __proto__: { polluted: true } })],
  ["no JSON", () => "{"],
  [
    "an action that is none",
    (id) =>
      JSON.stringify({ kind: "message", payload: { chatId: id, trigger: "action", action: { type: 1 } } }),
  ],
];

for (const [name, bodyOf] of ODD) {
  row(`F22: ${name} in \`.in\` does not stand in the way of the next message`, async (fault) => {
    const chat = await fault.chat();
    await chat.send({ words: 3 });
    await chat.settle();
    const { status } = await append(fault.app, chat.chatId, chat.token, bodyOf(chat.chatId));
    expect(status).toBeLessThan(500);
    fault.fired();
    const next = await chat.send({ words: 3 });
    await chat.tab.untilText(next.answer);
    await chat.tab.until("ready");
    await chat.reload();
    await chat.tab.until("ready");
    expect(chat.tab.text).toContain(next.answer);
    await fault.forget(chat);
  });
}

row("F22: NUL and half surrogates in a message are stored as U+FFFD, and it is answered", async (fault) => {
  const chat = await fault.chat();
  const turn = chat.plan({ words: 3 });
  const body = messageBody(chat.chatId, `${turn.user} \u0000 \ud800 end`);
  expect((await append(fault.app, chat.chatId, chat.token, body)).status).toBe(200);
  fault.fired();
  await chat.tab.untilText(turn.answer);
  await chat.tab.until("ready");
  await chat.reload();
  expect(chat.tab.text).toContain(`${turn.user} \ufffd \ufffd end`);
  expect(turn.model.asked).toHaveLength(1);
  await fault.forget(chat);
});

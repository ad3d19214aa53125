import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { sign } from "#local-trigger/wire/signatures.ts";
import { eventually } from "../support/eventually.ts";
import { fakeWorker } from "../support/fake-worker.ts";
import { client, cookie, listen, logs, see, trigger, walk, visiting } from "../support/inspector.ts";
import { localUnderTest } from "../support/trigger-server.ts";
import { userMessage } from "../support/trigger-client.ts";

describe("pages", () => {
  it("load nothing from elsewhere, run only their own script, are not stored, not framed", async () => {
    const { headers, text } = await see("/inspect");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect((await see("/inspect/unknown")).status).toBe(404);
    expect((await see("/inspect/runs/run_unknown")).status).toBe(404);
    expect((await see("/inspect/stream?name=none")).status).toBe(404);
  });

  it("show what people and tasks wrote as text, never as markup, and a message only when asked for", async () => {
    const evil = `<script>alert("x")</script><img src=x onerror='y'>`;
    const { chatId, body } = await client.createSession({ tags: [evil] });
    await client.append(chatId, userMessage(chatId, evil));
    writeFileSync(path.join(logs, `${body.runId}.log`), `${evil}\n`);
    await client.call("PUT", `/api/v1/runs/${body.runId}/metadata`, { body: { metadata: { said: evil } } });
    const session = await see(`/inspect/sessions/${chatId}`);
    const stream = `/inspect/stream?name=${encodeURIComponent(`sessions/${chatId}/in`)}`;
    const folded = await see(stream);
    const open = await see(`${stream}&show=0`);
    const run = await see(`/inspect/runs/${body.runId}`);
    const find = await see(`/inspect/sessions?find=${encodeURIComponent(evil)}`);
    for (const { status, text } of [session, folded, open, run, find]) {
      expect(status).toBe(200);
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).not.toContain("<img");
    }
    expect(open.text).toContain("alert(");
    expect(run.text).toContain("&#60;script&#62;alert(&#34;x&#34;)");
    // The tag is the session's own, so the page names it once; the message's words are not in it.
    expect(session.text.match(/alert\(/g)).toHaveLength(1);
    expect(folded.text).not.toContain("alert(");
    expect(folded.text).toContain("show=0");
  });

  it("page through runs, sessions and records, and end where they end", async () => {
    const { chatId, body } = await client.createSession();
    for (let n = 0; n < 70; n += 1) await client.append(chatId, "x", { path: "channels/c/in" });
    for (let n = 0; n < 35; n += 1) await client.createSession();
    const name = encodeURIComponent(`sessions/${chatId}/channels/c/in`);
    expect(await walk(`/inspect/stream?name=${name}`, "Before", /id="record-(\d+)"/g)).toHaveLength(70);
    expect(new Set(await walk("/inspect/runs", "Older", /runs\/(run_\w+)"/g))).toContain(body.runId);
    expect(new Set(await walk("/inspect/sessions", "Older", /sessions\/(session_\w+)"/g))).toContain(body.id);
    const found = await see(`/inspect/sessions?find=${chatId}&state=open`);
    expect([...found.text.matchAll(/sessions\/(session_\w+)"/g)].map((match) => match[1])).toEqual([body.id]);
    const none = await see(`/inspect/sessions?find=${chatId}&state=closed`);
    expect(none.text).toContain("No session is like that.");
  });
});

describe("why a chat waits", () => {
  const why = async (chatId: string) => {
    const { text } = await see(`/inspect/sessions/${chatId}`);
    const sentence = /<p>\s*<span class="why[^"]*"\s*>([\s\S]*?)<\/span\s*>/.exec(text)?.[1] ?? "";
    return sentence
      .replace(/<[^>]+>/g, "")
      .replace(/\s+/g, " ")
      .trim();
  };

  it("is said at every step, from no worker to an answered message and a crash", async () => {
    const server = await localUnderTest();
    onTestFinished(() => server.stop());
    await visiting(server, async () => {
      const { chatId } = await client.createSession();
      expect(await why(chatId)).toMatch(/^Queued: no worker is connected/);
      await client.append(chatId, userMessage(chatId, "hello"));
      expect(await why(chatId)).toMatch(/^1 message waits\. Queued: no worker is connected/);
      const worker = await fakeWorker(client);
      const attempt = await worker.take();
      expect(await why(chatId)).toMatch(/^A run has the message and has written nothing yet/);
      const out = (body: string, headers: [string, string][] = []) =>
        server.local.query(
          "select * from local_trigger.append_records($1, $2::text[], $3::jsonb[], '{null}', null, 0)",
          [`sessions/${chatId}/out`, [body], [JSON.stringify(headers)]],
        );
      await out('{"data":{"type":"start"},"id":"a"}');
      expect(await why(chatId)).toMatch(/^Answers\./);
      await out("", [
        ["trigger-control", "turn-complete"],
        ["session-in-event-id", "0"],
      ]);
      expect(await why(chatId)).toMatch(/^Waits for a message, with its process still warm/);
      await client.call("POST", `/api/v1/runs/${attempt.runId}/session-streams/wait`, {
        body: { session: chatId, io: "in", lastSeqNum: 0 },
      });
      await worker.crash(attempt);
      expect(await why(chatId)).toMatch(/^Idle: everything is answered/);
      const run = await see(`/inspect/runs/${attempt.runId}`);
      expect(run.text).toContain("CRASHED");
      expect(run.text).toContain("TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");
      await client.call("POST", `/api/v1/sessions/${chatId}/close`, { body: { reason: "enough" } });
      expect(await why(chatId)).toMatch(/^Closed \(enough\)/);
    });
  });
});

describe("a run's page", () => {
  const rows = (text: string, title: string) => {
    const list = text.split(`<h2>${title}`)[1]?.split("</ul>")[0] ?? "";
    return list
      .split("<li>")
      .slice(1)
      .map((row) =>
        row
          .replace(/<[^>]+>/g, " ")
          .replace(/\s+/g, " ")
          .trim(),
      );
  };

  it("shows each state with its time and attempt, and what the run waits for", async () => {
    const server = await localUnderTest();
    onTestFinished(() => server.stop());
    await visiting(server, async () => {
      const worker = await fakeWorker(client);
      const { chatId } = await client.createSession();
      const { runId } = await worker.take();
      const wait = { session: chatId, io: "in", timeout: "1h" };
      const made = await client.call<{ waitpointId: string }>(
        "POST",
        `/api/v1/runs/${runId}/session-streams/wait`,
        { body: wait },
      );
      const { waitpointId } = made.body;
      await client.call("POST", `/engine/v1/runs/${runId}/waitpoints/tokens/${waitpointId}/wait`);
      const { text } = await see(`/inspect/runs/${runId}`);
      const steps = rows(text, "What it went through");
      const at = String.raw`^\d\d:\d\d:\d\d\.\d{3}`;
      expect(steps[0]).toMatch(new RegExp(`${at} QUEUED created`));
      const executing = new RegExp(`${at} attempt 1 EXECUTING .* \\d+(\\.\\d)? m?s$`);
      expect(steps.some((step) => executing.test(step))).toBe(true);
      expect(steps.at(-1)).toMatch(new RegExp(`${at} attempt 1 EXECUTING_WITH_WAITPOINTS`));
      expect(rows(text, "Waits for")).toEqual([
        expect.stringMatching(
          new RegExp(
            `^${waitpointId} a record after the start on sessions/${chatId}/in , at most until \\d\\d:.* since (now|\\d+ s ago)$`,
          ),
        ),
      ]);
      expect(text).toMatch(/Attempt[\s\S]{0,60}1 of 1 at most/);
    });
  });
});

describe("live", () => {
  it("a page is told of changes of what it shows, at once and of nothing else", async () => {
    const [mine, other] = [await client.createSession(), await client.createSession()];
    const told = await listen(`/inspect/live?session=${mine.body.id}`);
    const elsewhere = await listen(`/inspect/live?session=${other.body.id}`);
    const times = (n: number, of = told) =>
      eventually(() => of.count() >= n, { what: () => `told ${of.count()} times`, ms: 30_000 });
    await client.append(other.chatId, userMessage(other.chatId, "elsewhere"));
    await client.call("POST", `/api/v2/runs/${other.body.runId}/cancel`);
    await times(2, elsewhere);
    // Longer than changes are held back to be told together.
    await sleep(1_000);
    expect(told.count()).toBe(0);
    await client.append(mine.chatId, userMessage(mine.chatId, "here"));
    await times(1);
    await client.call("POST", `/api/v2/runs/${mine.body.runId}/cancel`);
    await times(2);
    expect(told.text()).not.toContain("here");
    for (const one of [told, elsewhere]) one.stop();
  });

  it("a run's page is told when its log grows, which no stream and no state tells", async () => {
    const { body } = await client.createSession();
    const log = path.join(logs, `${body.runId}.log`);
    const told = await listen(`/inspect/live?run=${body.runId}`);
    for (const [n, line] of ["the first line\n", "another line\n"].entries()) {
      appendFileSync(log, line);
      await eventually(() => told.count() > n, { what: () => `told ${told.count()} times`, ms: 30_000 });
      expect((await see(`/inspect/runs/${body.runId}`)).text).toContain(line);
    }
    told.stop();
  });

  it("the stream ends with the sign-in", async () => {
    const [name] = cookie.split("=");
    const expires = Math.floor(Date.now() / 1000) + 5;
    const short = `${name}=n.${expires}.${sign(trigger.key, "inspector", ["n"], expires)}`;
    const told = await listen("/inspect/live", short);
    await eventually(() => told.ended(), { what: () => "the stream is still open", ms: 40_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(expires * 1000 - 50);
  });
});

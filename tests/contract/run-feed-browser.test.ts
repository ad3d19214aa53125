import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, openTab } from "../support/browser.ts";
import { ScriptedWorker } from "../support/scripted-worker.ts";
import { triggerClient } from "../support/trigger-client.ts";
import { localUnderTest, type LocalInside, type TriggerUnderTest } from "../support/trigger-server.ts";

let trigger: TriggerUnderTest & { local: LocalInside };
let browser: Browser;
let pages: Server;

beforeAll(async () => {
  const bundling = build({
    entryPoints: ["tests/support/realtime-page.tsx"],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    // Only ever imported on a server, by a part of the SDK that the page does not reach.
    external: ["node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  [trigger, browser] = await Promise.all([localUnderTest(), launchBrowser()]);
  const script = (await bundling).outputFiles[0]?.text ?? "";
  pages = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isScript
        ? script
        : '<link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => pages.close(resolve));
  await trigger.stop();
});

test("useRealtimeRun and useRealtimeRunsWithTag follow a run from a page of another origin", async () => {
  const { call } = triggerClient(trigger);
  const worker = new ScriptedWorker(call);
  await worker.register(["task-a"]);
  const made = await call<{ id: string }>("POST", "/api/v1/tasks/task-a/trigger", {
    body: { payload: "{}", options: { tags: ["shown"] } },
  });
  const { id } = made.body;
  const query = new URLSearchParams({
    id,
    tag: "shown",
    accessToken: await trigger.token([`read:runs:${id}`, "read:tags:shown"]),
    baseURL: trigger.url,
  });
  const { port } = pages.address() as AddressInfo;
  const tab = await openTab(browser, `http://127.0.0.1:${port}`);
  await tab.page.goto(`/?${query}`);
  const shows = async (status: string): Promise<void> => {
    for (const output of ["#run", "#tag"])
      await expect.poll(() => tab.page.textContent(output), { timeout: 10_000 }).toBe(status);
  };
  await shows("QUEUED");
  const { snapshot } = await worker.take(id);
  await shows("EXECUTING");
  await worker.complete(id, snapshot.friendlyId, { ok: true, output: "1" });
  await shows("COMPLETED");
  expect(tab.problems).toEqual([]);
});

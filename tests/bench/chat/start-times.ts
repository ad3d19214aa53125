import { readFileSync } from "node:fs";
import path from "node:path";
import { launchApp, type App } from "../../support/app.ts";
import { startScriptedModel } from "../../support/scripted-model.ts";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { median } from "../statistics.ts";

const STARTS = 4;

/** Milliseconds that the worker host's last start took, by its own log. */
function hostReadyMs(app: App): number {
  const log = readFileSync(path.join(app.dataDir, "logs", "worker.log"), "utf8");
  const line = log.split("\n").findLast((one) => one.includes('"worker-ready"')) ?? "{}";
  const { ms } = JSON.parse(line.slice(line.indexOf("{"))) as { ms?: number };
  if (ms === undefined) throw new Error("the worker host's log does not tell when it was ready");
  return ms;
}

async function run(): Promise<Result[]> {
  const model = await startScriptedModel();
  const env = { OPENAI_COMPATIBLE_BASE_URL: model.baseUrl };
  // The first start makes the database, and builds where that is needed.
  let app = await (await launchApp({ env })).ready();
  const starts: number[] = [];
  const hosts: number[] = [];
  try {
    for (let count = 0; count < STARTS; count += 1) {
      app.process.kill("SIGTERM");
      await app.ended();
      const begun = performance.now();
      const { dataDir, port, triggerPort } = app;
      app = await launchApp({ env, dataDir, ports: { port, triggerPort } });
      await app.ready();
      starts.push(performance.now() - begun);
      hosts.push(hostReadyMs(app));
    }
  } finally {
    await app.stop();
    await model.stop();
  }
  const common = { unit: "ms" as const, samples: STARTS };
  return [
    {
      what: "a second npm start, to its ready line",
      value: median(starts),
      ...common,
      spread: spreadOf(starts),
      aim: { at: "most", value: 5000 },
      against: `the worker host alone: ${(median(starts) / median(hosts)).toFixed(1)}×`,
      limit: "Postgres, local-trigger, the worker host and the web, one waiting for the other",
    },
    {
      what: "worker host, from its process's start until the engine knows it",
      value: median(hosts),
      ...common,
      spread: spreadOf(hosts),
      aim: { at: "most", value: 1500 },
      against: `the whole start: ${(median(hosts) / median(starts)).toFixed(2)}×`,
      limit: "the start of Node, beside the first spare's boot and the other parts on the same cores",
    },
  ];
}

export const startTimes: Figure<Bench> = { name: "start", title: "Starting, with everything built", run };

import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { spreadOf, type Figure, type Result } from "../figure.ts";
import { proportionalMegabytes } from "../processor.ts";
import { median } from "../statistics.ts";
import { spareReady, sparesOf } from "./run-processes.ts";

const LOOKS = 5;

async function run(bench: Bench): Promise<Result[]> {
  const { app } = await bench.chat();
  await spareReady(app);
  const hosts: number[] = [];
  const totals: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(500);
    const [spare, ...others] = sparesOf(app);
    const host = app.pid("worker");
    if (spare === undefined || others.length > 0 || host === null) {
      throw new Error(`expected a host and one spare, found ${sparesOf(app).length} spares`);
    }
    hosts.push(proportionalMegabytes(host));
    totals.push(proportionalMegabytes(host) + proportionalMegabytes(spare));
  }
  return [
    {
      what: "worker host and one spare, idle (PSS)",
      value: median(totals),
      unit: "MB",
      aim: { at: "most", value: 150 },
      against: `the host alone: ${median(hosts).toFixed(1)} MB, so ${(median(totals) / median(hosts)).toFixed(1)}×`,
      samples: totals.length,
      spread: spreadOf(totals),
      limit: "the spare: Node with the SDK, the AI SDK and Prisma loaded and warmed up",
    },
  ];
}

export const idleMemory: Figure<Bench> = {
  name: "idle-memory",
  group: "chat",
  title: "Memory with nothing to do",
  run,
};

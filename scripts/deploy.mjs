#!/usr/bin/env node
// `npm run deploy`: builds the tasks, and hands the new build to the Longrun that runs on this DATA_DIR. Nothing is
// stopped: open answers end on the code that began them, and each chat's next message is answered by the new one.
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./lib/build.mjs";
import { readConfig, StartError } from "./lib/config.mjs";
import { holderOf } from "./lib/lock.mjs";
import { migrate } from "./lib/migrate.mjs";
import { linkTasks } from "./lib/tasks-link.mjs";

const TAKES_OVER_WITHIN_MS = 60_000;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const say = (line) => console.log(`longrun  ${line}`);

async function main() {
  const config = readConfig(process.env, root);
  if (!config.local) {
    throw new StartError("The tasks run on another Trigger.dev: use npx trigger deploy.");
  }
  const inRun = (name) => path.join(config.dataDir, "run", name);
  const supervisor = holderOf(inRun("supervisor.pid"), "start.mjs");
  const worker = holderOf(inRun("worker.pid"), "worker-host.mjs");
  if (supervisor === null || worker === null) {
    throw new StartError(
      `No Longrun runs on ${config.dataDir}: npm start runs the newest code. (npm run dev takes changes by itself.)`,
    );
  }
  const { tasks } = await ensureBuilt(root, ["tasks"], say, supervisor);
  const databaseUrl = fs.readFileSync(path.join(config.dataDir, "database-url"), "utf8").trim();
  await migrate(databaseUrl, path.join(root, "prisma", "migrations"));
  linkTasks(config.dataDir, tasks);
  process.kill(worker, "SIGHUP");
  say(`the worker runs version ${await takenOver(config, tasks)}`);
}

/** The version number under which the build runs. The deployment's short code is the build's hash. */
async function takenOver(config, build) {
  const { contentHash } = JSON.parse(fs.readFileSync(path.join(build, "build.json"), "utf8"));
  for (const deadline = Date.now() + TAKES_OVER_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
    const current = await currentDeployment(config).catch(() => null);
    if (current?.shortCode === contentHash) return current.version;
  }
  const log = path.join(config.dataDir, "logs", "worker.log");
  throw new StartError(`The worker did not take the new build; the earlier one goes on. Why is in ${log}.`);
}

async function currentDeployment({ dataDir, triggerHost, triggerPort }) {
  const key = fs.readFileSync(path.join(dataDir, "trigger-secret-key"), "utf8").trim();
  const host = ["0.0.0.0", "::"].includes(triggerHost) ? "localhost" : triggerHost;
  const name = host.includes(":") ? `[${host}]` : host;
  const response = await fetch(`http://${name}:${triggerPort}/api/v1/deployments/current`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return response.json();
}

main().catch((error) => {
  console.error(error instanceof StartError ? `longrun  ${error.message}` : error);
  process.exit(1);
});

/**
 * Loaded before the SDK's run worker in every run process (`node --import`). Plain JavaScript: it is copied into
 * the build of the tasks. It ends the process with its host, loads the tasks while the process is still a spare,
 * names the process after its run, and keeps payloads out of the run's log.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// A run whose host is gone is taken over by the next host: it must not write on. The host also reads our output,
// so a broken pipe says the same, and may come first: a logger that logs its own EPIPE would spin for ever and
// never see the disconnect. SIGKILL, because exit handlers would log again.
const endWithHost = () => process.kill(process.pid, "SIGKILL");
process.once("disconnect", endWithHost);
for (const stream of [process.stdout, process.stderr]) stream.on("error", endWithHost);

/** So long is an API that went away waited for. */
const AWAY_MS = 75_000;
const AWAY_LOOK_MS = 200;
const callApi = globalThis.fetch;

/**
 * The SDK repeats a failed call a few times within seconds, and then the turn is lost. A call that finds no server is
 * therefore answered by its failure only once the server is back: the SDK's next try, with its own safeguards against
 * doing things twice, then succeeds.
 */
globalThis.fetch = async function patientFetch(input, init) {
  try {
    return await callApi(input, init);
  } catch (error) {
    const url = input instanceof Request ? input.url : String(input);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const api = process.env.TRIGGER_API_URL;
    if (api && url.startsWith(api) && !signal?.aborted) await untilBack(api, signal);
    throw error;
  }
};

async function untilBack(api, signal) {
  for (const deadline = Date.now() + AWAY_MS; Date.now() < deadline && !signal?.aborted;) {
    const answer = await callApi(`${api}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.body?.cancel();
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, AWAY_LOOK_MS));
  }
}

/** A spare that cannot get warm, with the database away, is a spare all the same. */
const WARM_MS = 2_000;
/** Still a spare after this time: it will stand for longer. */
const REST_MS = 1_000;
const warmUps = [];

const log = console.log.bind(console);
// The run worker prints the whole execution, the messages of the user included.
console.log = (...args) => log(...(String(args[0]).includes("EXECUTE_TASK_RUN") ? args.slice(0, 1) : args));

process.on("newListener", function onListener(event) {
  if (event !== "message") return;
  process.off("newListener", onListener);
  // The worker has begun to listen; the rest of its module runs before the next tick.
  setImmediate(() => void becomeReady());
});

async function becomeReady() {
  process.on("message", (packet) => {
    const message = packet?.type === "EVENT" ? packet.message : undefined;
    if (message?.type === "EXECUTE_TASK_RUN")
      process.title = `longrun-run ${message.payload.execution.run.id}`;
    if (packet?.type === "LONGRUN_SUPERSEDED") handOver();
  });
  const tasks = await loadTasks().catch((error) => log("The tasks are loaded with the run:", error) ?? []);
  await warmUp().catch((error) => log("The process is not warm:", error));
  process.title = "longrun-run spare";
  process.send?.({ type: "LONGRUN_READY", tasks });
  const rest = setTimeout(collectGarbage, REST_MS);
  process.on("message", () => clearTimeout(rest));
}

/** What `chat.requestUpgrade()` does: the chat goes on in a new run, after the open turn or before the next one. */
function handOver() {
  const key = Symbol.for("chat.upgradeRequested");
  triggerApi()?.locals?.setLocal({ __type: key, id: key.description }, true);
}

/** A spare stands idle for long: what booting left on the heap is given back. */
function collectGarbage() {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** The SDK's own registry of what its worker provides to tasks. */
const triggerApi = () => globalThis[Symbol.for("dev.trigger.ts.api")];
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const importFile = (file) => import(pathToFileURL(file).href);

/** Registers the tasks as the run worker itself would do on the first run, and answers their ids. */
async function loadTasks() {
  const manifest = readJson("./index.json");
  const catalog = triggerApi()?.["resource-catalog"];
  if (!catalog || manifest.initEntryPoint) return [];
  catalog.registerWorkerManifest(manifest);
  const files = new Map(manifest.tasks.map((task) => [task.entryPoint, task.filePath]));
  for (const [entryPoint, filePath] of files) {
    catalog.setCurrentFileContext(filePath, entryPoint);
    try {
      const module = await importFile(entryPoint);
      warmUps.push(module.warmUp);
    } finally {
      catalog.clearCurrentFileContext();
    }
  }
  return manifest.tasks.map((task) => task.id).filter((id) => catalog.getTask(id) !== undefined);
}

/** What the first turn would do first: load its chunks, call the API, and what a task file's `warmUp` does. */
async function warmUp() {
  const done = [
    ...readJson("./warm.json").map((name) => importFile(`./${name}`)),
    fetch(`${process.env.TRIGGER_API_URL}/healthz`).then((response) => response.text()),
    ...warmUps.map((warm) => warm?.()),
  ];
  await Promise.race([
    Promise.allSettled(done),
    new Promise((resolve) => setTimeout(resolve, WARM_MS).unref()),
  ]);
}

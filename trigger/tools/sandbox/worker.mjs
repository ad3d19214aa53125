// The thread that runs one script in QuickJS, an interpreter of its own inside WebAssembly: a script finds no Node, no
// network, no file and no clock to wait on, only the language. The thread has no environment, and whoever started it
// ends it when the time is up, whatever the script does. Imported outside of such a thread it only says where it is.
import { isMainThread, parentPort, workerData } from "node:worker_threads";

/** Where this file is, so that it can be started as a thread, wherever a build has put it. */
export const workerUrl = import.meta.url;

const MEMORY_BYTES = 64 * 1024 * 1024;
const STACK_BYTES = 512 * 1024;

/** What the script itself sees: console, and a way to write values that JSON cannot. */
const PRELUDE = `(() => {
  const write = globalThis.__write, MAX = 20000;
  delete globalThis.__write;
  const { stringify } = JSON, text = String;
  const show = (value, depth) => {
    if (typeof value === "string") return depth === 0 ? value : stringify(value);
    if (typeof value === "bigint") return text(value) + "n";
    if (typeof value === "function") return "[Function " + (value.name || "anonymous") + "]";
    if (typeof value !== "object" || value === null) return text(value);
    if (value instanceof Error) return text(value);
    if (depth > 4) return Array.isArray(value) ? "[…]" : "{…}";
    if (value instanceof Map) return "Map " + show([...value], depth + 1);
    if (value instanceof Set) return "Set " + show([...value], depth + 1);
    if (value instanceof Date || value instanceof RegExp) return text(value);
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const items = Array.from(value).slice(0, 200).map((item) => show(item, depth + 1));
      return "[" + items.join(", ") + (value.length > 200 ? ", …" : "") + "]";
    }
    const entries = Object.entries(value).slice(0, 200);
    return entries.length === 0 ? "{}" : "{ " + entries.map(([k, v]) => k + ": " + show(v, depth + 1)).join(", ") + " }";
  };
  const line = (...values) => write(values.map((value) => show(value, 0)).join(" ").slice(0, MAX));
  globalThis.console = { log: line, info: line, warn: line, error: line, debug: line };
  return (value) => show(value, 0).slice(0, MAX);
})()`;

async function load() {
  const [{ newQuickJSWASMModuleFromVariant }, variant] = await Promise.all([
    import("quickjs-emscripten-core"),
    import("@jitl/quickjs-singlefile-mjs-release-sync"),
  ]);
  return newQuickJSWASMModuleFromVariant(variant.default);
}

/** Runs `code`; `write` gets each line of the script's console. */
function run(quickjs, code, limitMs, write) {
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(MEMORY_BYTES);
  runtime.setMaxStackSize(STACK_BYTES);
  const deadline = performance.now() + limitMs;
  runtime.setInterruptHandler(() => performance.now() > deadline);
  const vm = runtime.newContext();
  const writer = vm.newFunction("write", (text) => void write(vm.getString(text)));
  vm.setProp(vm.global, "__write", writer);
  const show = vm.unwrapResult(vm.evalCode(PRELUDE, "prelude.js"));
  const inWords = (handle) => {
    const shown = vm.callFunction(show, vm.undefined, handle);
    return shown.error ? "an error that cannot be shown" : vm.getString(shown.value);
  };
  const settled = (result) => {
    if (result.error) return { result: null, error: inWords(result.error) };
    return { result: inWords(result.value), error: null };
  };
  const first = vm.evalCode(code, "script.js");
  if (first.error) return settled(first);
  const jobs = runtime.executePendingJobs();
  if (jobs.error) return settled(jobs);
  const promise = vm.getPromiseState(first.value);
  if (promise.type === "rejected") return settled(promise);
  if (promise.type === "pending")
    return { result: null, error: "The script waits for something that never comes." };
  return settled(promise.notAPromise ? first : promise);
}

if (!isMainThread && parentPort && workerData?.sandbox === "javascript") {
  const port = parentPort;
  const { code, limitMs } = workerData;
  const quickjs = await load();
  port.postMessage({ type: "ready" });
  port.postMessage({
    type: "done",
    ...run(quickjs, code, limitMs, (text) => port.postMessage({ type: "line", text })),
  });
}

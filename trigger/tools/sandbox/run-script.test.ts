import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BARE_THREAD, runScript } from "#trigger/tools/sandbox/run-script.ts";

describe("a script", () => {
  it("gives its last value and what it wrote", async () => {
    const script = `console.log("sum of", [1, 2, { a: "b" }]); const xs = [1, 2, 3]; xs.reduce((a, b) => a + b)`;
    expect(await runScript(script)).toEqual({
      console: 'sum of [1, 2, { a: "b" }]',
      result: "6",
      error: null,
    });
  });

  it("may await", async () => {
    const { result, error } = await runScript("(async () => { await null; return 7 })()");
    expect({ result, error }).toEqual({ result: "7", error: null });
  });

  it("that fails says why, and keeps what it wrote before", async () => {
    const outcome = await runScript(`console.log("before"); null.x`);
    expect(outcome).toMatchObject({ console: "before", result: null });
    expect(outcome.error).toMatch(/TypeError: cannot read property 'x' of null/);
  });

  it("that is no JavaScript says so", async () => {
    expect((await runScript("this is nothing")).error).toMatch(/SyntaxError/);
  });

  it("that waits for what never comes is told so", async () => {
    expect((await runScript("new Promise(() => {})")).error).toMatch(/never comes/);
  });

  it("that runs for ever is ended, and its thread too", async () => {
    const begun = performance.now();
    const outcome = await runScript(`console.log("on"); for (;;) {}`, undefined, {
      runMs: 300,
      lifeMs: 10_000,
    });
    expect(outcome).toMatchObject({
      console: "on",
      error: "The script took longer than 0.3 s and was ended.",
    });
    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it("whose work no interpreter can interrupt is killed", async () => {
    // One call of the interpreter's own, which never looks at the clock.
    const huge = "Array(10_000).fill((1n << 900_000n) - 1n).join().length";
    const outcome = await runScript(huge, undefined, { runMs: 600_000, lifeMs: 1_500 });
    expect(outcome.result).toBeNull();
    expect(outcome.error).toMatch(/longer than|more memory/);
  });

  it.each([
    ["an array that grows", "const a = []; for (;;) a.push(new Array(10000).fill(1))"],
    ["a text that doubles", `let s = "x"; for (;;) s += s`],
    ["a buffer of a gigabyte", "new ArrayBuffer(1024 ** 3)"],
    ["endless recursion", "const f = () => f() + 1; f()"],
    ["recursion through a getter", "const o = { get x() { return o.x } }; o.x"],
  ])("cannot take all memory: %s", async (_, code) => {
    const outcome = await runScript(code);
    expect(outcome.result).toBeNull();
    expect(outcome.error).toMatch(/memory|longer than|too long|stack|invalid|length/i);
  });

  it("cannot flood the chat with output", async () => {
    const outcome = await runScript(`for (let i = 0; i < 100000; i++) console.log("x".repeat(100)); 1`);
    expect(outcome.console.length).toBeLessThan(60_000);
    expect(outcome.console).toMatch(/left out$/);
  });

  it("is ended by a stop", async () => {
    const stop = new AbortController();
    const running = runScript("for (;;) {}", stop.signal, { runMs: 60_000, lifeMs: 60_000 });
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
  });
});

/** Everything that can be reached from the global object by names and prototypes, as far as it is text. */
const SEARCH = `
  const seen = new Set(), found = [], open = [globalThis];
  while (open.length > 0 && seen.size < 20000) {
    const at = open.pop();
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...[Object.getPrototypeOf(at)].filter(Boolean));
    for (const key of Reflect.ownKeys(at)) {
      let value;
      try { value = at[key] } catch { continue }
      if (typeof value === "string") found.push(value);
      else if (typeof value === "function" || (typeof value === "object" && value !== null)) open.push(value);
    }
  }
  found.filter((text) => text.includes("canary")).concat(seen.size > 100 ? [] : ["nothing was searched"]).join()`;

/** S-corpus of escapes: each must find nothing. */
describe("out of the sandbox", () => {
  // Each of them would find this one, were there a way.
  beforeAll(() => void (process.env.LONGRUN_CANARY = "canary-value"));
  afterAll(() => void delete process.env.LONGRUN_CANARY);

  const NOTHING = ["undefined", "false", "ReferenceError", "TypeError", "SyntaxError", "null", "Error"];

  it.each([
    ["process", "typeof process"],
    ["process through the global", "globalThis.process"],
    ["require", "typeof require"],
    ["module", "typeof module"],
    ["Buffer", "typeof Buffer"],
    ["fetch", "typeof fetch"],
    ["XMLHttpRequest", "typeof XMLHttpRequest"],
    ["WebSocket", "typeof WebSocket"],
    ["WebAssembly", "typeof WebAssembly"],
    ["Worker", "typeof Worker"],
    ["timers", "typeof setTimeout + typeof setInterval + typeof setImmediate"],
    ["QuickJS's own std", "typeof std + typeof os + typeof scriptArgs"],
    ["the bridge", "typeof __write + typeof globalThis.__write"],
    ["the bridge through console", "console.log.caller"],
    ["Function's constructor", `(() => {}).constructor("return typeof process")()`],
    [
      "an async function's constructor",
      `(async () => {}).constructor("return typeof process").name && typeof process`,
    ],
    ["a generator's constructor", `(function* () {}).constructor("yield typeof process")().next().value`],
    ["console's constructor chain", `console.log.constructor("return typeof process")()`],
    ["console's prototype chain", `console.log.__proto__.constructor.constructor("return typeof require")()`],
    [
      "an error's constructor",
      `try { null.x } catch (e) { e.constructor.constructor("return typeof process")() }`,
    ],
    [
      "an error of the bridge",
      `try { console.log({ toString() { throw 1 } }) } catch (e) { typeof e.constructor.constructor("return process") }`,
    ],
    [
      "a stack trace",
      `Error.prepareStackTrace = (_, s) => s; const s = new Error().stack; typeof s[0]?.getThis`,
    ],
    ["indirect eval", `(0, eval)("typeof process")`],
    [
      "a proxy given to the bridge",
      `let t = "none"; console.log(new Proxy({}, { get(_, k, r) { t = typeof r.process; return undefined } })); t`,
    ],
    ["import of a module", `import("node:fs")`],
    ["import of a URL", `import("http://127.0.0.1/")`],
    ["static import", `import fs from "fs"`],
    [
      "Symbol.species",
      `class A extends Array { static get [Symbol.species]() { return Function } } typeof new A(1).map`,
    ],
    ["SharedArrayBuffer and Atomics", `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9)`],
  ])("%s is not there", async (_, code) => {
    const { result, error } = await runScript(code);
    const found = (result ?? error ?? "").replaceAll("undefined", "undefined ").trim();
    const harmless = NOTHING.some((word) => found.includes(word)) || found === "function" || found === "none";
    expect(harmless, `found ${found}`).toBe(true);
    expect(found).not.toMatch(/\[object (process|Module)|file:\/\//);
  });

  it("a changed prototype does not reach what the next script sees", async () => {
    await runScript(`Object.prototype.leak = 1; Array.prototype.map = () => ["leak"]; 1`);
    expect((await runScript("[1].map((x) => x + 1).concat(({}).leak ?? 'none')")).result).toBe('[2, "none"]');
  });

  it("a changed prototype does not reach our side", async () => {
    const script = `Object.prototype.type = "done"; String.prototype.slice = () => ({ evil: 1 }); console.log("a"); 5`;
    const outcome = await runScript(script);
    expect(typeof outcome.console).toBe("string");
    expect(({} as { type?: string }).type).toBeUndefined();
  });

  it.each([
    ["process", "process?.env"],
    ["process through the global", "globalThis.process?.env"],
    ["Function's constructor", `(() => {}).constructor("return process.env")()`],
    [
      "the constructor of an async function",
      `(async () => {}).constructor("return process.env.LONGRUN_CANARY")()`,
    ],
    ["the bridge's constructor", `console.log.constructor("return globalThis.process?.env")()`],
    [
      "an error's constructor",
      `try { null.x } catch (e) { e.constructor.constructor("return process.env.LONGRUN_CANARY")() }`,
    ],
    ["indirect eval", `(0, eval)("process.env.LONGRUN_CANARY")`],
    ["QuickJS's own std", `std.getenv("LONGRUN_CANARY")`],
    ["a search of all that is global", SEARCH],
  ])("no environment variable can be read: %s", async (_, code) => {
    const { result, error } = await runScript(code);
    expect(error === null || /ReferenceError/.test(error), `ended on ${error}`).toBe(true);
    expect([null, "undefined", ""], `found ${result}`).toContain(result);
  });

  it("the thread around the interpreter has no environment that could be read", async () => {
    const post = `const { parentPort } = require("node:worker_threads");
      parentPort.postMessage([process.env, process.argv.slice(2), process.execArgv])`;
    const probe = new Worker(post, { ...BARE_THREAD, eval: true });
    const [seen] = (await once(probe, "message")) as unknown[];
    await probe.terminate();
    expect(seen).toEqual([{}, [], []]);
  });
});

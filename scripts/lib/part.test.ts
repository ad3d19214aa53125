import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../tests/support/eventually.ts";
import { isAlive } from "../../tests/support/process-list.ts";
import { Part } from "./part.mjs";

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "longrun-part-"));
  for (const name of ["run", "logs"]) mkdirSync(path.join(dataDir, name));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** A part whose process has a child that nobody tells of the end, like a compiler's service. */
function partWithChild(): { part: Part; child: () => Promise<number> } {
  const script = `
    const child = require("node:child_process").spawn("sleep", ["60"], { stdio: "ignore" });
    console.log("child " + child.pid);
    setInterval(() => {}, 1000);`;
  const part = new Part({
    name: "tried",
    mark: "node",
    dataDir,
    command: process.execPath,
    args: ["-e", script],
    cwd: dataDir,
    env: { PATH: process.env["PATH"] ?? "" },
    say: () => undefined,
  });
  const logged = () => /^child (\d+)$/m.exec(readFileSync(part.logFile, "utf8"))?.[1];
  const child = async () =>
    Number(await eventually(logged, { what: () => "no child was started", ms: 10_000 }));
  return { part, child };
}

const gone = (pid: number) =>
  eventually(() => !isAlive(pid), { what: () => `${pid} was left over`, ms: 2_000 });

test("what a part started ends with it when it is stopped", async () => {
  const { part, child } = partWithChild();
  part.start();
  const pid = await child();
  await part.stop();
  expect(existsSync(part.pidFile)).toBe(false);
  await gone(pid);
});

test("what a part started ends with it when it is killed", async () => {
  const { part, child } = partWithChild();
  part.start();
  const pid = await child();
  process.kill(part.pid ?? 0, "SIGKILL");
  try {
    await gone(pid);
  } finally {
    await part.stop();
  }
});

#!/usr/bin/env node
// `npm test`: every check, as the first command in a fresh clone. Reads each tool's own report: a suite that
// ran no test is a failure. Ends on `N passed, N failed`, and `, N skipped` where tests were passed over. `npm test -- unit` runs one group.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { StartError } from "./lib/config.mjs";
import { ensureInstalled } from "./lib/install.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const say = (line) => console.log(`test  ${line}`);
const bin = (name) => path.join(root, "node_modules", ".bin", name);

/** Runs a tool, shows its output when it fails, and returns its exit code and output. */
function run(name, command, args, { show = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output += data;
        if (show) process.stdout.write(data);
      });
    }
    child.once("error", reject).once("close", (code) => {
      if (code !== 0 && !show) console.log(output.trim());
      resolve({ code, output });
    });
  });
}

/** A tool that says yes or no counts as one test. `proof` must match its output: that it looked at something. */
const check = (command, args, proof) => async (name) => {
  const { code, output } = await run(name, bin(command), args);
  if (code === 0 && proof && !proof.test(output)) {
    console.log(output.trim());
    say(`${name}: its report does not say that it checked anything`);
    return { passed: 0, failed: 1 };
  }
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/** One vitest project; the counts come from its JSON report. */
const suite = (project) => async (name) => {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "longrun-report-")), "report.json");
  const args = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const { code } = await run(name, bin("vitest"), args, { show: true, env: { NO_COLOR: "1" } });
  let counts;
  try {
    counts = JSON.parse(fs.readFileSync(report, "utf8"));
  } catch {
    say(`${name}: vitest left no report`);
    return { passed: 0, failed: 1 };
  } finally {
    fs.rmSync(path.dirname(report), { recursive: true, force: true });
  }
  const { numPassedTests: passed, numFailedTests, numFailedTestSuites, testResults } = counts;
  sayWhatWasTriedAgain(name, testResults);
  const skipped = sayWhatWasSkipped(name, testResults);
  if (passed + numFailedTests === 0) say(`${name}: no test ran`);
  // A file that cannot be loaded fails without a failed test; an exit code may tell what no count does.
  const failed = Math.max(
    numFailedTests,
    numFailedTestSuites > 0 && numFailedTests === 0 ? 1 : 0,
    code === 0 ? 0 : 1,
    passed === 0 ? 1 : 0,
  );
  return { passed, failed, skipped };
};

/** Names each test whose first try ran out of patience (vitest.config.ts): a row that does so often hides something. */
function sayWhatWasTriedAgain(name, files) {
  for (const { name: file, assertionResults } of files) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== "passed" || failureMessages.length === 0) continue;
      const why = failureMessages[0].split("\n")[0];
      say(`${name}: passed at the second try ${path.relative(root, file)}: ${fullName.trim()} (${why})`);
    }
  }
}

const RAN = ["passed", "failed"];

/** Names each test that did not run: nobody would miss it in the count of those that did. */
function sayWhatWasSkipped(name, files) {
  const skipped = files.flatMap(({ name: file, assertionResults }) =>
    assertionResults
      .filter(({ status }) => !RAN.includes(status))
      .map(({ fullName }) => `${path.relative(root, file)}: ${fullName.trim()}`),
  );
  for (const one of skipped) say(`${name}: skipped ${one}`);
  return skipped.length;
}

const GROUPS = {
  format: check("prettier", ["--check", "."], /All matched files use Prettier/),
  lint: check("oxlint", ["--type-aware", "--deny-warnings"], /on \d{2,} files/),
  types: check("tsc", ["--noEmit", "-p", "."]),
  imports: check(
    "depcruise",
    ["app", "trigger", "local-trigger", "scripts", "tests", "--config", ".dependency-cruiser.cjs"],
    /no dependency violations found \(\d{2,} modules/,
  ),
  unused: check("knip", []),
  unit: suite("unit"),
  contract: suite("contract"),
  faults: suite("faults"),
  journeys: suite("journeys"),
};

const summary = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

async function main() {
  await ensureInstalled(root, say);
  const { ensureBuilt } = await import("./lib/build.mjs");
  await ensureBuilt(root, ["web", "host", "tasks"], say);
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in GROUPS));
  if (unknown.length > 0)
    throw new StartError(
      `There is no test group ${unknown.join(", ")}. The groups: ${Object.keys(GROUPS).join(", ")}`,
    );
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, group] of Object.entries(GROUPS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const startedAt = Date.now();
    const { passed, failed, skipped = 0 } = await group(name);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    say(
      `${failed === 0 ? "ok  " : "FAIL"} ${name}: ${summary({ passed, failed, skipped })} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`,
    );
  }
  console.log(summary(total));
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error instanceof StartError ? `test  ${error.message}` : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});

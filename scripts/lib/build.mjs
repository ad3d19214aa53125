// Builds what `npm start` runs, each part into a folder named by the hash of its sources: a second start
// finds it there, a running instance keeps the files it began with, and a killed build leaves nothing behind.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { StartError } from "./config.mjs";
import { withLock } from "./lock.mjs";
import { isAlive } from "./processes.mjs";

const KEEP = 3; // newest builds of each part that stay on the disk
const COMMON = ["package-lock.json", "tsconfig.json"];

/** The parts, in the order in which they may be made. `sources` are files and folders below the root. */
export const PARTS = {
  // A head start asks by the code of the tasks.
  web: { sources: ["app", "trigger", "public", "prisma/schema.prisma", "vite.config.ts"], make: makeWeb },
  host: {
    sources: [
      "app/web-host.ts",
      "app/host",
      "app/env.server.ts",
      "app/server/document-frame.server.ts",
      "app/server/log.server.ts",
      "app/server/trigger-url.server.ts",
      "local-trigger",
      "scripts/lib/build.mjs",
    ],
    make: makeHosts,
  },
  tasks: {
    sources: [
      "trigger",
      "app/attachments",
      "app/model-catalog",
      "app/models",
      "app/shared",
      "app/env.server.ts",
      "prisma/schema.prisma",
      "trigger.config.ts",
      "scripts/build-tasks.mjs",
      "local-trigger/worker/run-preload.mjs",
    ],
    make: makeTasks,
  },
};

function* filesBelow(target) {
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) return yield target;
  for (const entry of fs.readdirSync(target).sort()) yield* filesBelow(path.join(target, entry));
}

const isTest = (file) => /\.(test|contract)\.tsx?$/.test(file) || file.includes("/fixture/");

function hashOf(root, sources) {
  const hash = createHash("sha256");
  for (const source of [...COMMON, ...sources]) {
    for (const file of filesBelow(path.join(root, source))) {
      if (isTest(file)) continue;
      hash.update(path.relative(root, file)).update("\0").update(fs.readFileSync(file)).update("\0");
    }
  }
  return hash.digest("hex").slice(0, 12);
}

function run(root, command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.once("error", reject).once("close", (code) => {
      if (code === 0) return resolve(output);
      const last = output.trim().split("\n").slice(-25).join("\n");
      reject(new StartError(`The build failed: ${path.basename(command)} ${args.join(" ")}\n${last}`));
    });
  });
}

const bin = (root, name) => path.join(root, "node_modules", ".bin", name);

async function makeWeb(root, folder) {
  await run(root, bin(root, "remix"), ["vite:build"], { WEB_BUILD_DIR: folder });
}

export const HOST_ENTRIES = {
  web: "app/web-host.ts",
  "local-trigger": "local-trigger/main.ts",
  "worker-host": "local-trigger/worker/main.ts",
};

async function makeHosts(root, folder) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: HOST_ENTRIES,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    sourcemap: "linked",
    logLevel: "silent",
    plugins: [aliases(root)],
  }).catch((error) => {
    throw new StartError(`The build failed: ${error.message}`);
  });
  const migrations = path.join(root, "local-trigger", "migrations");
  if (fs.existsSync(migrations)) fs.cpSync(migrations, path.join(folder, "migrations"), { recursive: true });
}

/** `packages: "external"` would leave our own `#app/…` imports outside the bundle too. */
export function aliases(root) {
  return {
    name: "longrun-aliases",
    setup(build) {
      build.onResolve({ filter: /^#(app|trigger|local-trigger|prisma)\// }, ({ path: name }) => ({
        path: path.join(root, name.slice(1)),
      }));
    },
  };
}

async function makeTasks(root, folder) {
  await run(root, process.execPath, [path.join(root, "scripts", "build-tasks.mjs"), folder], {
    TASKS_BUILD_DIR: folder,
  });
}

/** Prisma's client is generated into the tree, because all other builds import it. */
async function generateClient(root) {
  const stamp = path.join(root, "prisma", "generated", ".made-from");
  const hash = hashOf(root, ["prisma/schema.prisma"]);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hash) return;
  await run(root, bin(root, "prisma"), ["generate"], { PRISMA_HIDE_UPDATE_MESSAGE: "1" });
  fs.writeFileSync(stamp, hash);
}

async function ensurePart(root, name) {
  const { sources, make } = PARTS[name];
  const base = path.join(root, "build", name);
  const folder = path.join(base, hashOf(root, sources));
  if (fs.existsSync(folder)) {
    fs.utimesSync(folder, new Date(), new Date());
    return folder;
  }
  const draft = `${folder}.draft`;
  prune(base);
  fs.mkdirSync(draft, { recursive: true });
  await make(root, draft);
  fs.renameSync(draft, folder);
  return folder;
}

/** Removes what killed builds left (we hold the lock, so nobody works on it), and old builds that nobody runs. */
export function prune(base) {
  if (!fs.existsSync(base)) return;
  const age = (name) => fs.statSync(path.join(base, name)).mtimeMs;
  const [drafts, whole] = [[], []];
  for (const name of fs.readdirSync(base)) (name.includes(".draft") ? drafts : whole).push(name);
  const old = whole
    .sort((a, b) => age(b) - age(a))
    .slice(KEEP - 1)
    .filter((name) => !isInUse(path.join(base, name)));
  for (const name of [...drafts, ...old]) fs.rmSync(path.join(base, name), { recursive: true, force: true });
}

/** Each process that keeps a build running leaves its pid in it. */
function markInUse(folder, pid) {
  const users = path.join(folder, ".in-use");
  fs.mkdirSync(users, { recursive: true });
  fs.writeFileSync(path.join(users, String(pid)), "");
}

function isInUse(folder) {
  const users = path.join(folder, ".in-use");
  return fs.existsSync(users) && fs.readdirSync(users).some((pid) => isAlive(Number(pid)));
}

/**
 * Generates the Prisma client and builds the parts whose sources changed.
 * @param {number} [user] the process that keeps them running, when it is not this one
 * @returns {Promise<Record<string, string>>} the folder of each part
 */
export function ensureBuilt(root, parts, say, user = process.pid) {
  return withLock(path.join(root, "build", ".lock"), "node", async () => {
    await generateClient(root);
    const names = parts.filter(
      (name) => !fs.existsSync(path.join(root, "build", name, hashOf(root, PARTS[name].sources))),
    );
    if (names.length > 0) say(`building ${names.join(", ")} (half a minute, when sources changed)`);
    const folders = await Promise.all(parts.map((name) => ensurePart(root, name)));
    for (const folder of folders) markInUse(folder, user);
    return Object.fromEntries(parts.map((name, index) => [name, folders[index]]));
  });
}

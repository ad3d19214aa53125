// Starts the parts in order, keeps them alive, and stops them in the opposite order.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureBuilt } from "./build.mjs";
import { linkTasks } from "./tasks-link.mjs";
import { StartError } from "./config.mjs";
import { localSecrets, writePrivate } from "./data-folder.mjs";
import { Database } from "./database-part.mjs";
import { migrate } from "./migrate.mjs";
import { Part } from "./part.mjs";
import { isListening } from "./ports.mjs";

const READY_WITHIN_MS = 180_000;
const TOO_MANY_DEATHS = 5; // of one part, before everything was ready once

const nodeArgs = ["--enable-source-maps"];

export class Supervisor {
  #parts = [];
  #database = null;
  /** @type {Promise<void> | null} */
  #stopped = null;
  #isReady = false;
  #deaths = new Map();
  #failure = null;

  /** @param {{ config: ReturnType<import("./config.mjs").readConfig>, dev: boolean, say: (line: string) => void }} options */
  constructor({ config, dev, say }) {
    this.config = config;
    this.dev = dev;
    this.say = say;
  }

  /** Brings everything up. Returns the page's URL, or null when it was stopped meanwhile. */
  async start() {
    try {
      return await this.#start();
    } catch (error) {
      if (this.#stopped) return null;
      await this.stop({ quiet: true });
      throw error;
    }
  }

  async #start() {
    const { config, say } = this;
    const built = await ensureBuilt(
      config.root,
      this.dev ? ["host"] : config.local ? ["web", "host", "tasks"] : ["web", "host"],
      say,
    );
    if (this.#stopped) return null;
    this.#makeParts(built);
    for (const part of this.#parts) await part.endLeftover();
    await this.#checkPorts();
    await this.#startDatabase();
    for (const part of this.#parts) {
      if (this.#stopped) return null;
      part.env.DATABASE_URL = this.databaseUrl;
      part.start();
      if (part.name === "local-trigger")
        await this.#until("local-trigger", () =>
          isListening(config.triggerPort, reachable(config.triggerHost)),
        );
    }
    const url = `http://${reachable(config.host, true)}:${config.port}`;
    await this.#until("the web server", async () => (await fetch(`${url}/healthz`)).status === 200);
    this.#isReady = true;
    return this.#stopped ? null : url;
  }

  async #startDatabase() {
    const { config, say } = this;
    if (config.databaseUrl) {
      this.databaseUrl = config.databaseUrl;
    } else {
      this.#database = new Database({ dataDir: config.dataDir, say });
      this.databaseUrl = await this.#database.start();
    }
    writePrivate(path.join(config.dataDir, "database-url"), this.databaseUrl);
    let applied;
    try {
      applied = await migrate(this.databaseUrl, path.join(config.root, "prisma", "migrations"));
    } catch (error) {
      throw new StartError(`The database cannot be prepared: ${error.message}`, { cause: error });
    }
    if (applied.length > 0)
      say(`database prepared (${applied.length} migration${applied.length > 1 ? "s" : ""})`);
  }

  #makeParts(built) {
    const { config } = this;
    const secrets = localSecrets(config.dataDir);
    const triggerUrl =
      config.triggerApiUrl ?? `http://${reachable(config.triggerHost, true)}:${config.triggerPort}`;
    const trigger = {
      TRIGGER_API_URL: triggerUrl,
      TRIGGER_SECRET_KEY: config.triggerSecretKey ?? secrets.triggerSecretKey,
      TRIGGER_PROJECT_REF: process.env.TRIGGER_PROJECT_REF ?? "proj_longrun",
    };
    const common = {
      ...process.env,
      NODE_ENV: this.dev ? "development" : "production",
      DATA_DIR: config.dataDir,
      SESSION_SECRET: config.sessionSecret ?? secrets.sessionSecret,
      ...trigger,
    };
    // Runs on other machines would not find them there.
    delete common.ATTACHMENTS_DIR;
    if (config.local) common.ATTACHMENTS_DIR = path.join(config.dataDir, "attachments");
    delete common.TRIGGER_ACCESS_TOKEN;
    const host = (file) => path.join(built.host, file);
    if (config.local) {
      this.#add("local-trigger", [...nodeArgs, host("local-trigger.mjs")], {
        ...common,
        TRIGGER_HOST: config.triggerHost,
        TRIGGER_PORT: String(config.triggerPort),
        TRIGGER_ACCESS_TOKEN: secrets.triggerAccessToken,
        RUN_LOGS_DIR: path.join(config.dataDir, "logs", "runs"),
      });
      if (this.dev) this.#addTriggerDev(common, secrets);
      else
        this.#add("worker", [...nodeArgs, host("worker-host.mjs")], {
          ...common,
          TASKS_BUILD_DIR: linkTasks(config.dataDir, built.tasks),
        });
    }
    this.#add("web", [...nodeArgs, host("web.mjs"), ...(this.dev ? ["--dev"] : [])], {
      ...common,
      HOST: config.host,
      PORT: String(config.port),
      ...(built.web ? { WEB_BUILD_DIR: built.web } : {}),
      ...(config.local ? { LOCAL_TRIGGER_PORT: String(config.triggerPort) } : {}),
    });
  }

  /** The vendor's own worker: rebuilds the tasks when a file changes. */
  #addTriggerDev(common, secrets) {
    const home = path.join(this.config.dataDir, "trigger-cli");
    fs.mkdirSync(home, { recursive: true });
    const cli = path.join(this.config.root, "node_modules", "trigger.dev", "dist", "esm", "index.js");
    // The CLI ends any other that it finds under the same branch in this folder.
    const branch = createHash("sha256").update(this.config.dataDir).digest("hex").slice(0, 12);
    const flags = [
      "--branch",
      `longrun-${branch}`,
      "--skip-update-check",
      "--skip-telemetry",
      "--skip-platform-notifications",
      "--skip-mcp-install",
      "--skip-rules-install",
    ];
    this.#add("worker", [cli, "dev", ...flags], {
      ...common,
      TRIGGER_ACCESS_TOKEN: secrets.triggerAccessToken,
      CI: "1",
      HOME: home,
      XDG_CONFIG_HOME: home,
    });
  }

  #add(name, args, env) {
    const mark = path.basename(args.find((arg) => /\.m?js$/.test(arg)));
    this.#parts.push(
      new Part({
        name,
        mark,
        args,
        env,
        command: process.execPath,
        cwd: this.config.root,
        dataDir: this.config.dataDir,
        say: (line) => this.#onDeath(name, line),
      }),
    );
  }

  #onDeath(name, line) {
    this.say(line);
    const deaths = (this.#deaths.get(name) ?? 0) + 1;
    this.#deaths.set(name, deaths);
    if (!this.#isReady && deaths >= TOO_MANY_DEATHS) this.#failure = name;
  }

  async #checkPorts() {
    const { config } = this;
    const wanted = [["PORT", config.port, config.host]];
    if (config.local) wanted.push(["TRIGGER_PORT", config.triggerPort, config.triggerHost]);
    for (const [name, port, host] of wanted) {
      if (await isListening(port, reachable(host))) {
        throw new StartError(
          `Port ${port} is taken by another program. Set ${name} to a free port, for example: ${name}=${port + 1} npm start`,
        );
      }
    }
  }

  async #until(what, check) {
    for (const deadline = Date.now() + READY_WITHIN_MS; ; await sleep(50)) {
      if (this.#stopped) return;
      const failed = this.#parts.find((part) => part.name === this.#failure);
      if (failed) {
        throw new StartError(
          `${failed.name} does not start. The end of ${failed.logFile}:\n${failed.lastWords()}`,
        );
      }
      if (await check().catch(() => false)) return;
      if (Date.now() > deadline) {
        throw new StartError(
          `${what} was not ready within ${READY_WITHIN_MS / 1000} s; see ${path.join(this.config.dataDir, "logs")}.`,
        );
      }
    }
  }

  /** Stops everything, the page first and the database last. */
  async stop({ quiet = false } = {}) {
    this.#stopped ??= this.#stopAll(quiet);
    await this.#stopped;
  }

  async #stopAll(quiet) {
    if (!quiet) this.say("stopping");
    for (const part of this.#parts.toReversed()) await part.stop();
    await this.#database?.stop();
  }
}

/** The address under which a listener of this host is reached from this machine. */
function reachable(host, inUrl = false) {
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return inUrl && address.includes(":") ? `[${address}]` : address;
}

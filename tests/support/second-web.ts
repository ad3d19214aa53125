import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { ensureBuilt } from "../../scripts/lib/build.mjs";
import { localSecrets } from "../../scripts/lib/data-folder.mjs";
import { freePort } from "../../scripts/lib/ports.mjs";
import type { App } from "./app.ts";
import { eventually } from "./eventually.ts";

/** One more web server of an application, on the same database and with the same secret, without a supervisor. */
export class SecondWeb {
  readonly url: string;
  private readonly process: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.process = child;
  }

  /** @param more variables that it has besides those of every second web server. */
  static async start(app: App, modelUrl: string, more: Record<string, string> = {}): Promise<SecondWeb> {
    const root = process.cwd();
    const built = (await ensureBuilt(root, ["web", "host"], () => undefined)) as {
      web: string;
      host: string;
    };
    const port = await freePort();
    const secrets = localSecrets(app.dataDir);
    const child = spawn(process.execPath, [path.join(built.host, "web.mjs")], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        HOST: "127.0.0.1",
        PORT: String(port),
        DATA_DIR: app.dataDir,
        DATABASE_URL: readFileSync(path.join(app.dataDir, "database-url"), "utf8").trim(),
        SESSION_SECRET: secrets.sessionSecret,
        TRIGGER_API_URL: app.triggerUrl,
        TRIGGER_SECRET_KEY: secrets.triggerSecretKey,
        LOCAL_TRIGGER_PORT: String(app.triggerPort),
        WEB_BUILD_DIR: built.web,
        OPENAI_COMPATIBLE_BASE_URL: modelUrl,
        OLLAMA_BASE_URL: "off",
        LIMIT_ANSWERS_PER_MINUTE: "0",
        LIMIT_ANSWERS_AT_ONCE: "0",
        ...more,
      },
    });
    const web = new SecondWeb(`http://127.0.0.1:${port}`, child);
    const healthy = async () => {
      if (child.exitCode !== null) throw new Error(`the second web server ended with ${child.exitCode}`);
      return (await fetch(`${web.url}/healthz`).catch(() => null))?.status === 200;
    };
    await eventually(healthy, { what: () => "the second web server does not get ready", ms: 60_000 });
    return web;
  }

  /** Ends it as a power cut would. Once more changes nothing. */
  async kill9(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }
}

/** Signs the same person in there too: the cookie of each address has its port in the name. */
export async function signInAt(page: Page, { url }: { url: string }): Promise<void> {
  const context = page.context();
  const own = (await context.cookies()).find(({ name }) => name.startsWith("longrun_session_"));
  if (!own) throw new Error("nobody is signed in");
  await context.addCookies([{ ...own, name: `longrun_session_${new URL(url).port}` }]);
}

import { createServer } from "node:http";
import { env } from "#app/env.server.ts";
import { createWebApp } from "#app/host/web-app.ts";
import { describeError, log } from "#app/server/log.server.ts";

/** The web server's process. Takes its environment from `npm start`; `--dev` lets Vite serve the sources. */

const STOP_MS = 4_000;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function settings(): ReturnType<typeof env> {
  try {
    return env();
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const { HOST, PORT, WEB_BUILD_DIR } = settings();
  const server = createServer();
  const dev = process.argv.includes("--dev");
  const buildDir = WEB_BUILD_DIR ?? "build/web/plain";
  const app = await createWebApp(dev ? { dev, server } : { dev, buildDir });
  server.on("request", app);
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE")
      return fail(`The web server cannot listen on ${HOST}:${PORT}: ${error.message}`);
    fail(`Port ${PORT} is taken. Set PORT to a free one.`);
  });
  server.listen(PORT, HOST, () => {
    const address = server.address();
    log("info", "listening", { host: HOST, port: typeof address === "object" ? address?.port : PORT });
  });

  // Requests under way are finished; whatever still hangs after that is cut.
  const stop = (signal: string) => {
    log("info", "stopping", { signal });
    setTimeout(() => server.closeAllConnections(), STOP_MS).unref();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

process.on("unhandledRejection", (error) => {
  log("error", "unhandled-rejection", describeError(error));
  process.exit(1);
});

await main();

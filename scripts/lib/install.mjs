// Installs what is missing. Plain Node only: this runs before there is a node_modules.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { StartError } from "./config.mjs";
import { withLock } from "./lock.mjs";

/** The packages of package.json that are not there in the version that it names. */
function missing(root) {
  const { dependencies, devDependencies } = JSON.parse(
    fs.readFileSync(path.join(root, "package.json"), "utf8"),
  );
  return Object.entries({ ...dependencies, ...devDependencies }).filter(([name, range]) => {
    try {
      const file = path.join(root, "node_modules", name, "package.json");
      const { version } = JSON.parse(fs.readFileSync(file, "utf8"));
      // Types are named by major version only; everything else is pinned.
      return /^\d+$/.test(range) ? version.split(".")[0] !== range : version !== range;
    } catch {
      return true;
    }
  });
}

/** Runs `npm install` unless every package that package.json names is there in its pinned version. */
export async function ensureInstalled(root, say) {
  if (missing(root).length === 0) return;
  await withLock(path.join(root, "build", ".install-lock"), "node", async () => {
    if (missing(root).length > 0) await install(root, say);
  });
}

async function install(root, say) {
  say("installing packages (once; a minute or two)");
  // --include=dev: the build tools are needed also where NODE_ENV says production.
  const args = ["install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", "--include=dev"];
  const child = spawn(process.platform === "win32" ? "npm.cmd" : "npm", args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0) {
    throw new StartError(
      `npm install failed (exit ${code}). Its last words:\n${output.trim().split("\n").slice(-12).join("\n")}`,
    );
  }
}

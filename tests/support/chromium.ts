import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

/** An executable Chromium, and the environment that it needs to run. */
export interface ChromiumBinary {
  executablePath: string;
  env: Record<string, string>;
}

const PACKAGE_FOLDER = path.join("@sparticuz", "chromium");
const SYSTEM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The system's Chromium when there is one (or `CHROMIUM_PATH`), otherwise the one from npm, unpacked once per
 * version into node_modules/.cache. Throws when neither can be had.
 */
export async function findChromium(): Promise<ChromiumBinary> {
  const system = process.env.CHROMIUM_PATH ?? onPath(SYSTEM_NAMES);
  if (system) return { executablePath: system, env: {} };
  const folder = await unpacked();
  return {
    executablePath: path.join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: path.join(folder, "al2023", "lib"),
      FONTCONFIG_FILE: path.join(folder, "fonts.conf"),
    },
  };
}

function onPath(names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

/**
 * The package unpacks into the temp folder and takes whatever `chromium` lies there, of any version; so it
 * gets a folder of its own for its temp folder, in a process of its own, that is renamed when it is whole.
 */
async function unpacked(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const packageRoot = entry.slice(0, entry.lastIndexOf(PACKAGE_FOLDER) + PACKAGE_FOLDER.length);
  const { version } = JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8")) as {
    version: string;
  };
  const cache = path.resolve("node_modules/.cache/longrun");
  const folder = path.join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(path.join(cache, "chromium-partial-"));
  const script = 'import("@sparticuz/chromium").then((module) => module.default.executablePath())';
  // The variable makes the package unpack its own copies of the libraries that a bare machine lacks.
  const env = { ...process.env, TMPDIR: partial, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" };
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  writeFileSync(path.join(partial, "fonts.conf"), fontsConf(path.join(folder, "fonts")));
  try {
    renameSync(partial, folder);
  } catch {
    // Another test process was first; its copy is the same.
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

function fontsConf(bundled: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${bundled}</dir>
  <cachedir>${bundled}-cache</cachedir>
</fontconfig>
`;
}

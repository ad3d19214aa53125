/**
 * Makes the immutable build of the tasks: `node scripts/build-tasks.mjs [folder]` (or TASKS_BUILD_DIR; default
 * `build/tasks`). It bundles with the installed CLI's own deploy build, called as a function, so it needs no
 * Trigger API, no network, no login and no lock, and a running `trigger dev` is not disturbed. The packages that
 * stay outside of the bundle resolve from this repository's node_modules; the folder therefore lies inside of it.
 */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const preload = path.join(root, "local-trigger/worker/run-preload.mjs");
/** At least 1 s apart after the first few. */
const STREAM_TRIES = 80;
/** Chunks that the first turn of every chat would import: the stream writer and Prisma's query compiler. */
const WARM_CHUNKS = /^(s2s|query_compiler_\w+)\b.*\.mjs$/;

/**
 * Builds the tasks of `projectDir` (the folder of a trigger.config.ts) into `outDir`, replacing what is there only
 * once the new build is whole. `index.json` in it is what run processes and the worker host read; all paths in it
 * are relative to the folder. Throws an Error whose message names the task file or package that is wrong.
 * @param {{ projectDir: string, outDir: string, log?: (line: string) => void }} options
 * @returns {Promise<{ contentHash: string, tasks: string[], ms: number }>}
 */
export async function buildTasks({ projectDir, outDir, log = () => {} }) {
  const startedAt = performance.now();
  const cli = await loadCli();
  // A sibling, so that paths in source maps stay right after the rename.
  const fresh = `${outDir}.${process.pid}.new`;
  await rm(fresh, { recursive: true, force: true });
  try {
    log("bundling the tasks");
    const manifest = await bundle(cli, projectDir, fresh);
    assertExternals(manifest, fresh);
    log("reading the tasks");
    const index = await indexTasks(cli, manifest, fresh);
    const warm = (await readdir(fresh)).filter((name) => WARM_CHUNKS.test(name)).sort();
    await writeFile(path.join(fresh, "warm.json"), JSON.stringify(warm));
    await cp(preload, path.join(fresh, "run-preload.mjs"));
    await replace(fresh, outDir);
    const tasks = index.tasks.map((task) => task.id).sort();
    return { contentHash: manifest.contentHash, tasks, ms: Math.round(performance.now() - startedAt) };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The parts of the pinned CLI that `trigger deploy` is made of. The package exports only its program. */
async function loadCli() {
  const cliRoot = path.join(path.dirname(require.resolve("trigger.dev/package.json")), "dist/esm");
  const load = (file) => import(pathToFileURL(path.join(cliRoot, file)).href);
  const [config, worker, indexing] = await Promise.all([
    load("config.js"),
    load("build/buildWorker.js"),
    load("indexing/indexWorkerManifest.js"),
  ]);
  const { alwaysExternal } = await import("@trigger.dev/core/v3/build");
  return {
    loadConfig: config.loadConfig,
    buildWorker: worker.buildWorker,
    indexWorkerManifest: indexing.indexWorkerManifest,
    // What the CLI falls back to without a network; it would ask a public host first, for seven seconds.
    forcedExternals: alwaysExternal,
  };
}

/**
 * The client of the durable stream gives up after three tries, within a second, and the turn is lost: too soon for a
 * restart of the server on the same machine. It has no setting that the SDK would pass on, so its default is changed
 * in the bundle. Tries come 1 to 2 s apart: a server that is away for 60 s is waited for.
 */
const patientStreams = {
  name: "patient-streams",
  onBuildStart: (context) =>
    context.registerPlugin({
      name: "patient-streams",
      setup(build) {
        build.onLoad(
          { filter: /@s2-dev[\\/]streamstore[\\/].*[\\/]lib[\\/]retry\.js$/ },
          async ({ path: file }) => {
            const source = await readFile(file, "utf8");
            const tries = /(DEFAULT_RETRY_CONFIG = \{\s*maxAttempts: )3,/;
            if (!tries.test(source))
              throw new Error(`The tries of the stream's client are not in ${file} any more.`);
            return { contents: source.replace(tries, `$1${STREAM_TRIES},`), loader: "js" };
          },
        );
      },
    }),
};

async function bundle(cli, projectDir, outDir) {
  const resolvedConfig = await cli.loadConfig({ cwd: projectDir, warn: false });
  resolvedConfig.build.extensions = [...(resolvedConfig.build.extensions ?? []), patientStreams];
  const manifest = await cli.buildWorker({
    target: "deploy",
    environment: "prod",
    destination: outDir,
    resolvedConfig,
    rewritePaths: true,
    envVars: {},
    forcedExternals: cli.forcedExternals,
    plain: true,
  });
  // The CLI writes the paths of its container image. Relative ones survive a move of the repository.
  const relative = JSON.parse(JSON.stringify(manifest).replaceAll('"/app/', '"./'));
  await writeFile(path.join(outDir, "build.json"), JSON.stringify(relative));
  await rm(path.join(outDir, "Containerfile"), { force: true });
  return relative;
}

/** What a container would install must be found in the repository's own node_modules. */
function assertExternals(manifest, outDir) {
  const from = createRequire(path.join(outDir, "package.json"));
  for (const { name } of manifest.externals ?? []) {
    const found = (from.resolve.paths(name) ?? []).some((folder) => hasPackage(folder, name));
    if (!found) throw new Error(`The tasks need the package ${name}: run npm install ${name}`);
  }
}

function hasPackage(folder, name) {
  try {
    require.resolve(path.join(folder, name, "package.json"));
    return true;
  } catch {
    return false;
  }
}

async function indexTasks(cli, manifest, outDir) {
  const stderr = [];
  try {
    const { timings: _changesEachTime, ...index } = await cli.indexWorkerManifest({
      runtime: manifest.runtime,
      indexWorkerPath: manifest.indexWorkerEntryPoint,
      buildManifestPath: "build.json",
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production" },
      cwd: outDir,
      handleStdout: () => {},
      handleStderr: (data) => stderr.push(data),
    });
    await writeFile(path.join(outDir, "index.json"), JSON.stringify(index));
    return index;
  } catch (error) {
    throw new Error(explain(error, stderr), { cause: error });
  }
}

function explain(error, stderr) {
  const imports = (error.importErrors ?? []).map(({ file, message }) => `${file}: ${message}`);
  const why = imports.length > 0 ? imports.join("; ") : error.originalError?.message || error.message;
  return `The tasks could not be read: ${why}${stderr.length > 0 ? `\n${stderr.join("")}` : ""}`;
}

async function replace(fresh, outDir) {
  const old = `${outDir}.${process.pid}.old`;
  await mkdir(path.dirname(outDir), { recursive: true });
  await rename(outDir, old).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(fresh, outDir);
  await rm(old, { recursive: true, force: true });
}

async function main() {
  const outDir = path.resolve(root, process.argv[2] ?? process.env.TASKS_BUILD_DIR ?? "build/tasks");
  const projectDir = path.resolve(root, process.env.TASKS_PROJECT_DIR ?? ".");
  if (!outDir.startsWith(root + path.sep)) {
    throw new Error(`The tasks must be built inside of ${root}, where their packages are: ${outDir} is not.`);
  }
  const version = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")).version;
  const built = await buildTasks({ projectDir, outDir, log: (line) => console.log(`tasks: ${line}`) });
  const seconds = (built.ms / 1000).toFixed(1);
  console.log(`tasks: built ${built.tasks.join(", ")} of ${version} in ${seconds} s`);
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main();
    // The CLI's libraries leave handles open.
    process.exit(0);
  } catch (error) {
    console.error(`tasks: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

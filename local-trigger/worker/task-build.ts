import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const buildManifest = z.object({
  contentHash: z.string(),
  packageVersion: z.string(),
  cliPackageVersion: z.string(),
  runtime: z.string(),
});

const indexManifest = z.object({
  tasks: z.array(z.looseObject({ id: z.string(), entryPoint: z.string() })),
  queues: z.array(z.unknown()).optional(),
  concurrencyLimits: z.array(z.unknown()).optional(),
  prompts: z.array(z.unknown()).optional(),
  workerEntryPoint: z.string(),
});

/** The immutable build that `scripts/build-tasks.mjs` made, as the host uses it. */
export type TaskBuild = z.infer<typeof buildManifest> & {
  dir: string;
  /** Absolute path of the SDK's run worker in the build. */
  workerEntry: string;
  /** Absolute path of the module that is loaded before it. */
  preload: string;
  tasks: z.infer<typeof indexManifest>["tasks"];
  queues: unknown[];
  concurrencyLimits: unknown[];
  prompts: unknown[];
};

/** Reads the build that a folder, or a link to it, holds. Throws one line that names the fix when it is missing or damaged. */
export function readTaskBuild(place: string): TaskBuild {
  try {
    const dir = realpathSync(place);
    const build = buildManifest.parse(readJson(path.join(dir, "build.json")));
    const index = indexManifest.parse(readJson(path.join(dir, "index.json")));
    return {
      ...build,
      dir,
      workerEntry: path.resolve(dir, index.workerEntryPoint),
      preload: path.join(dir, "run-preload.mjs"),
      tasks: index.tasks,
      queues: index.queues ?? [],
      concurrencyLimits: index.concurrencyLimits ?? [],
      prompts: index.prompts ?? [],
    };
  } catch (cause) {
    throw new Error(`No whole build of the tasks in ${place}: run node scripts/build-tasks.mjs`, { cause });
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

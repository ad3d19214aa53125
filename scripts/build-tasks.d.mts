/** Builds the tasks of a trigger.config.ts folder into `outDir`, an immutable folder inside of the repository. */
export function buildTasks(options: {
  projectDir: string;
  outDir: string;
  log?: (line: string) => void;
}): Promise<{ contentHash: string; tasks: string[]; ms: number }>;

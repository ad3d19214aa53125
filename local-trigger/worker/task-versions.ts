import type { RegisteredWorker } from "./engine-messages.ts";
import type { TaskBuild } from "./task-build.ts";

/** One build of the tasks, as the engine knows it. */
export type TaskVersion = { build: TaskBuild; worker: RegisteredWorker };

/** The newest version, and the earlier ones that still have runs. */
export class TaskVersions {
  #byWorker = new Map<string, TaskVersion>();
  #newest: TaskVersion;

  constructor(first: TaskVersion) {
    this.#newest = first;
    this.add(first);
  }

  get newest(): TaskVersion {
    return this.#newest;
  }

  /** Makes it the newest. */
  add(version: TaskVersion): void {
    this.#newest = version;
    this.#byWorker.set(version.worker.id, version);
  }

  /** The version that the engine names; the newest where that one is gone. */
  of(workerId: string): TaskVersion {
    return this.#byWorker.get(workerId) ?? this.#newest;
  }

  /** Forgets all but the newest and those that are named. */
  keepOnly(used: Iterable<TaskVersion>): void {
    const kept = new Set<TaskVersion>([...used, this.#newest]);
    for (const [id, version] of this.#byWorker) if (!kept.has(version)) this.#byWorker.delete(id);
  }
}

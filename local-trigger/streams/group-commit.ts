export type GroupCommitOptions<Job, Result> = {
  /** Does all of them in one transaction; `undefined` in the place of a job that has to be done alone. */
  together: (jobs: Job[]) => Promise<(Result | undefined)[]>;
  /** Does one job, and may wait for locks. */
  alone: (job: Job) => Promise<Result>;
  /** Jobs with the same key are done in their order, never at the same time. */
  keyOf: (job: Job) => string;
  sizeOf: (job: Job) => number;
};

type Waiting<Job, Result> = {
  job: Job;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/** Two: while one group waits for the disk the database works on the next. */
const lanes = 2;
const maxJobs = 256;
const maxSize = 2 * 1024 * 1024;

/**
 * What arrives while earlier commits are under way is committed together: many writers cost one commit, one writer waits
 * for nobody. Resolves after the commit.
 */
export class GroupCommit<Job, Result> {
  private waiting: Waiting<Job, Result>[] = [];
  private readonly busyKeys = new Set<string>();
  private busyLanes = 0;
  private scheduled = false;

  constructor(private readonly options: GroupCommitOptions<Job, Result>) {}

  run(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      this.schedule();
    });
  }

  /** After this turn of the event loop: what its other connections bring belongs to the same group. */
  private schedule(): void {
    if (this.scheduled || this.busyLanes >= lanes || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.start();
    });
  }

  private start(): void {
    const group = this.take();
    if (group.length === 0) return;
    this.busyLanes += 1;
    for (const { job } of group) this.busyKeys.add(this.options.keyOf(job));
    void this.commit(group).finally(() => {
      this.busyLanes -= 1;
      this.schedule();
    });
    this.schedule();
  }

  private take(): Waiting<Job, Result>[] {
    const group: Waiting<Job, Result>[] = [];
    const left: Waiting<Job, Result>[] = [];
    const passedOver = new Set<string>();
    let size = 0;
    for (const one of this.waiting) {
      const key = this.options.keyOf(one.job);
      const fits = group.length < maxJobs && (group.length === 0 || size < maxSize);
      if (fits && !this.busyKeys.has(key) && !passedOver.has(key)) {
        group.push(one);
        size += this.options.sizeOf(one.job);
      } else {
        passedOver.add(key);
        left.push(one);
      }
    }
    this.waiting = left;
    return group;
  }

  private async commit(group: Waiting<Job, Result>[]): Promise<void> {
    const undone = group.length === 1 ? group : await this.commitTogether(group);
    if (undone.length === 0) return;
    // Another's lock may hold these up: whoever else waits does not wait for them.
    const done = this.commitAlone(undone);
    if (group.length === 1) await done;
  }

  /** Gives back what has to be done alone. */
  private async commitTogether(group: Waiting<Job, Result>[]): Promise<Waiting<Job, Result>[]> {
    const alone: Waiting<Job, Result>[] = [];
    try {
      const results = await this.options.together(group.map(({ job }) => job));
      group.forEach((one, index) => {
        const result = results[index];
        if (result === undefined) alone.push(one);
        else one.resolve(result);
      });
    } catch (error) {
      for (const one of group) one.reject(error);
    }
    const kept = new Set(alone.map(({ job }) => this.options.keyOf(job)));
    this.release(group.filter(({ job }) => !kept.has(this.options.keyOf(job))));
    return alone;
  }

  private async commitAlone(jobs: Waiting<Job, Result>[]): Promise<void> {
    const byKey = new Map<string, Waiting<Job, Result>[]>();
    for (const one of jobs) {
      const key = this.options.keyOf(one.job);
      byKey.set(key, [...(byKey.get(key) ?? []), one]);
    }
    await Promise.all([...byKey.values()].map((chain) => this.commitChain(chain)));
  }

  private async commitChain(chain: Waiting<Job, Result>[]): Promise<void> {
    for (const { job, resolve, reject } of chain) await this.options.alone(job).then(resolve, reject);
    this.release(chain);
    this.schedule();
  }

  private release(jobs: Waiting<Job, Result>[]): void {
    for (const { job } of jobs) this.busyKeys.delete(this.options.keyOf(job));
  }
}

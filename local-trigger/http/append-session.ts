import type { AppendResult, NewRecord } from "../wire/records.ts";
import { encodeAppendAck } from "../wire/s2-append.ts";
import { frame } from "../wire/s2s-frames.ts";

/** As much as one S2 append may hold; what is more waits in the writer's socket. */
const maxRecords = 1000;
const maxBytes = 1024 * 1024;

/**
 * The frames of one append session in their order. One append is under way at a time, of all frames that came before it
 * began: a frame after a failed one is never stored.
 */
export class AppendSession {
  private frames: NewRecord[][] = [];
  private records = 0;
  private bytes = 0;
  private running: Promise<void> | null = null;
  private failed: { error: unknown } | null = null;
  private fail: (error: unknown) => void = () => {};
  /** Rejects when an append fails; never resolves. */
  readonly failure = new Promise<never>((_, reject) => (this.fail = reject));

  constructor(
    private readonly store: (records: NewRecord[]) => Promise<AppendResult>,
    private readonly acknowledge: (acks: Buffer) => void,
  ) {
    // Whoever reads frames is told by them too, and may be gone already.
    this.failure.catch(() => {});
  }

  /** Throws what an earlier frame failed with. */
  add(records: NewRecord[]): void {
    if (this.failed) throw this.failed.error;
    this.frames.push(records);
    this.records += records.length;
    for (const { body } of records) this.bytes += body.length;
    this.running ??= this.run();
  }

  /** Resolves when another frame may be read; throws what one failed with. */
  async roomForMore(): Promise<void> {
    if (this.records >= maxRecords || this.bytes >= maxBytes) await this.settled();
    if (this.failed) throw this.failed.error;
  }

  /** Resolves when every frame was acknowledged; throws what one failed with. */
  async end(): Promise<void> {
    await this.settled();
    if (this.failed) throw this.failed.error;
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.frames.length > 0) {
        const frames = this.frames;
        this.frames = [];
        this.records = 0;
        this.bytes = 0;
        this.acknowledge(acks(frames, await this.store(frames.flat())));
      }
    } catch (error) {
      this.failed = { error };
      this.fail(error);
    }
    this.running = null;
  }
}

/** Each frame's own acknowledgement; the tail is that of them all. */
function acks(frames: NewRecord[][], { first, next, timestamp }: AppendResult): Buffer {
  let at = first;
  const parts = frames.map((records) => {
    const begin = at;
    at += records.length;
    return frame(encodeAppendAck({ first: begin, next: at, tail: next, timestamp }));
  });
  return Buffer.concat(parts);
}

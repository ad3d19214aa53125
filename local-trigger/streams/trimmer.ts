import { describeError, type Log } from "../log.ts";
import { chatOfStream } from "../wire/stream-names.ts";
import type { PostgresStreamStore } from "./postgres-stream-store.ts";

const everyMs = 1000;

/** Carries out due trims once a second. What is due is in a table, so nothing is forgotten by a restart. */
export class Trimmer {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly streams: Pick<PostgresStreamStore, "trim">,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.trim());
    }, everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async trim(): Promise<void> {
    try {
      for (const { stream, records } of await this.streams.trim())
        this.log.info("stream.trimmed", { stream, chatId: chatOfStream(stream), records });
    } catch (error) {
      this.log.warn("streams.trim_failed", { error: describeError(error) });
    }
  }
}

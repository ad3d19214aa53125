import { startBenchPostgres, type BenchPostgres } from "./relay/postgres.ts";
import { startChatBench, type ChatBench } from "./chat/chat-bench.ts";

/** What several figures share, made at the first use. */
export class Bench {
  private database: Promise<BenchPostgres> | undefined;
  private application: Promise<ChatBench> | undefined;

  /** A Postgres for servers without an application. */
  postgres(): Promise<BenchPostgres> {
    return (this.database ??= startBenchPostgres());
  }

  /** A whole application with a scripted model. */
  chat(): Promise<ChatBench> {
    return (this.application ??= startChatBench());
  }

  async stop(): Promise<void> {
    await (await this.application)?.stop();
    await (await this.database)?.stop();
  }
}

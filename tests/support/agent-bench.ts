import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  mockChatAgent,
  type MockChatAgentHarness,
  type MockChatAgentOptions,
} from "@trigger.dev/sdk/ai/test";
import type { UIMessage } from "ai";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { forgetModels } from "#app/model-catalog/list-models.server.ts";
import { chatPage, createChat } from "#app/models/chat.server.ts";
import { db, disconnect } from "#app/models/db.server.ts";
import type { StoredMessage } from "#app/shared/chat-message.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { startScriptedModel, type ScriptedModel } from "./scripted-model.ts";

export const user = (text: string, id: string = randomUUID()): UIMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
});

/** The sentences of the errors that a turn showed. */
export const errorsOf = (turn: { chunks: { type: string }[] }): string[] =>
  turn.chunks.flatMap((chunk) =>
    chunk.type === "error" ? [(chunk as unknown as { errorText: string }).errorText] : [],
  );

export async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const seen = await look();
    if (seen) return seen;
    await sleep(25);
  }
  throw new Error("it did not happen within 10 s");
}

/** The agent in the SDK's harness, over a real database and a scripted model that answers over real HTTP. */
export class AgentBench {
  model!: ScriptedModel;
  /** A fresh user and chat for each test. */
  userId!: string;
  chatId!: string;
  private agent!: { id: string };
  private database!: TestDatabase;
  private runs: MockChatAgentHarness[] = [];

  /** Registers the hooks of the test file. */
  static install(): AgentBench {
    const bench = new AgentBench();
    beforeAll(() => bench.start());
    beforeEach(() => bench.newChat());
    afterEach(() => bench.endRuns());
    afterAll(() => bench.stop());
    return bench;
  }

  boot(options: MockChatAgentOptions = {}): MockChatAgentHarness {
    const run = mockChatAgent(this.agent, { chatId: this.chatId, ...options });
    this.runs.push(run);
    return run;
  }

  async endRuns(): Promise<void> {
    for (const run of this.runs.splice(0)) await run.close();
  }

  async rows(): Promise<StoredMessage[]> {
    return (await chatPage({ userId: this.userId, chatId: this.chatId }))?.messages ?? [];
  }

  /** The stored history once it has that many messages: a turn is stored after its end was told. */
  history(length: number): Promise<StoredMessage[]> {
    return until(async () => {
      const stored = await this.rows();
      return stored.length === length && stored;
    });
  }

  async newUser(): Promise<string> {
    const id = randomUUID();
    await db().user.create({ data: { id, email: `${id}@example.test`, name: "Test" } });
    return id;
  }

  private async start(): Promise<void> {
    this.database = await testDatabase();
    this.model = await startScriptedModel();
    Object.assign(process.env, {
      DATABASE_URL: this.database.url,
      SESSION_SECRET: "a secret of the tests, long enough",
      OPENAI_COMPATIBLE_BASE_URL: this.model.baseUrl,
      OLLAMA_BASE_URL: "off",
      DEMO_MODEL_DELAY_MS: "0",
    });
    this.agent = (await import("#trigger/chat.ts")).longrunChat;
  }

  private async newChat(): Promise<void> {
    forgetModels();
    this.userId = await this.newUser();
    this.chatId = randomUUID();
    await createChat({ id: this.chatId, userId: this.userId });
  }

  private async stop(): Promise<void> {
    await this.model.stop();
    await disconnect();
    await this.database.drop();
  }
}

import { DurableChat } from "#app/chat/durable-chat.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { HttpUser } from "../../support/http-user.ts";
import { eventually } from "../../support/eventually.ts";
import { textOf } from "../../support/chat-script.ts";
import { loadPage, type PageData } from "./page-data.ts";

export interface TabOptions {
  /** Where this tab reaches the Trigger API, when not directly. */
  triggerUrl?: string;
  /** After how long a silent connection is taken for dead. */
  silenceMs?: number;
  /** Replaces the token that the page came with. */
  token?: string;
}

/** An open page of one chat without a browser: the page's own chat class, loader, token route and stream. */
export class FaultTab {
  readonly chat: DurableChat<LongrunUIMessage>;
  /** How many tokens were asked for. */
  renewed = 0;
  /** Resolves when the tab has taken in what it last read anew. */
  #revalidation: Promise<void> = Promise.resolve();
  readonly #close: () => void;

  private constructor(
    private readonly user: HttpUser,
    readonly chatId: string,
    loaded: PageData,
    options: TabOptions,
  ) {
    const handle = { ...loaded.handle, ...(options.token ? { publicAccessToken: options.token } : {}) };
    this.chat = new DurableChat<LongrunUIMessage>({
      chatId,
      messages: loaded.messages,
      handle,
      status: loaded.status,
      triggerUrl: options.triggerUrl ?? loaded.triggerUrl,
      appUrl: user.app.url,
      fetcher: (input, init) => this.#fetch(input, init),
      ...(options.silenceMs === undefined ? {} : { timing: { silenceMs: options.silenceMs } }),
    });
    this.chat.listen({ onForeignTurn: () => this.#revalidate() });
    this.#close = this.chat.mount();
  }

  /** Opens the page: reads its data, and follows the stream from there. */
  static async open(user: HttpUser, chatId: string, options: TabOptions = {}): Promise<FaultTab> {
    return new FaultTab(user, chatId, await loadPage(user, chatId), options);
  }

  close(): void {
    this.#close();
  }

  get text(): string {
    return this.chat.messages.map((message) => textOf(message)).join("\n");
  }

  async until(status: string, ms = 30_000): Promise<void> {
    await eventually(() => this.chat.status === status, {
      ms,
      what: () => `the tab is not ${status} but ${this.chat.status} with\n${this.text}`,
    });
    await this.#revalidation;
  }

  async untilText(text: string, ms = 30_000): Promise<void> {
    await eventually(() => this.text.includes(text), {
      ms,
      everyMs: 5,
      what: () => `the tab does not show ${text}, it is ${this.chat.status} with\n${this.text}`,
    });
  }

  /** As the page: where the web is away, what is shown stays. */
  #revalidate(): void {
    this.#revalidation = this.#revalidation
      .then(() => loadPage(this.user, this.chatId))
      .then(
        (data) => this.chat.adopt(data.messages, data.handle),
        () => undefined,
      );
  }

  async #fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const url = input instanceof Request ? input.url : input.toString();
    const { app } = this.user;
    if (!url.startsWith(app.url)) return await fetch(input, init);
    if (url.endsWith("/token")) this.renewed += 1;
    const headers = { ...(init?.headers as Record<string, string>), origin: app.url };
    return await this.user.get(url.slice(app.url.length), { ...init, headers });
  }
}

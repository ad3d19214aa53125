import { randomUUID } from "node:crypto";
import type { TriggerUnderTest } from "./trigger-server.ts";

export type Reply<T = Record<string, unknown>> = { status: number; headers: Headers; body: T };

export type CallOptions = {
  /** Authorization token; the secret key when not given, none with null. */
  as?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
};

/** A plain HTTP client of a Trigger API: JSON in, JSON out, nothing hidden. */
export function triggerClient(trigger: TriggerUnderTest) {
  async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Reply<T>> {
    const token = options.as === undefined ? trigger.key : options.as;
    const raw = typeof options.body === "string" || options.body instanceof Uint8Array;
    const response = await fetch(new URL(path, trigger.url), {
      method,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
      ...(options.body === undefined
        ? {}
        : { body: raw ? (options.body as string) : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) as T };
  }

  const session = (id: string) => `/realtime/v1/sessions/${encodeURIComponent(id)}`;
  return {
    call,
    /** Creates a chat session under a fresh external id. */
    async createSession(change: Record<string, unknown> = {}) {
      const chatId = randomUUID();
      const reply = await call<CreatedSession>("POST", "/api/v1/sessions", {
        body: { ...newSession(chatId), ...change },
      });
      return { chatId, ...reply };
    },
    append: (id: string, body: unknown, options: CallOptions & { partId?: string; path?: string } = {}) =>
      call<{ ok: boolean; seq: number; code?: string; closedReason?: string | null }>(
        "POST",
        `${session(id)}/${options.path ?? "in"}/append`,
        {
          ...options,
          body,
          headers: { ...options.headers, ...(options.partId ? { "x-part-id": options.partId } : {}) },
        },
      ),
    records: (id: string, io: string, after?: number) =>
      call<{ records: WireRecord[] }>(
        "GET",
        `${session(id)}/${io}/records${after === undefined ? "" : `?afterEventId=${after}`}`,
      ),
    open: (id: string, io: string, options: CallOptions = {}) => call("PUT", `${session(id)}/${io}`, options),
  };
}

export type CreatedSession = {
  id: string;
  externalId: string;
  currentRunId: string;
  runId: string;
  publicAccessToken: string;
  isCached: boolean;
  closedAt: string | null;
  closedReason: string | null;
  error?: string;
  code?: string;
};

export type WireRecord = { data: unknown; id: string; seqNum: number; headers?: [string, string][] };

/** The body of a create call for a chat of the contract's task. */
export function newSession(chatId: string) {
  return {
    type: "chat.agent",
    externalId: chatId,
    taskIdentifier: "contract-chat",
    triggerConfig: { basePayload: { chatId, trigger: "preload", metadata: { kept: true } } },
  };
}

/** What a browser posts to `.in` for a user's message. */
export function userMessage(chatId: string, text: string) {
  const message = { id: randomUUID(), role: "user", parts: [{ type: "text", text }] };
  return { kind: "message", payload: { chatId, trigger: "submit-message", message } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

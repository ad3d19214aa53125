import { randomUUID } from "node:crypto";
import type { App } from "./app.ts";
import { newPerson, type Person } from "./page.ts";

/** One record of a session's stream as local-trigger serves it. */
export interface StreamRecord {
  seq: number;
  /** Milliseconds since the epoch, where the call tells it. */
  timestamp?: number;
  data: unknown;
  headers: [string, string][];
}

/** A signed-in user without a browser: the web's forms and JSON routes, and the Trigger API's wire. */
export class HttpUser {
  readonly app: App;
  private readonly cookies = new Map<string, string>();

  constructor(app: App) {
    this.app = app;
  }

  /** Signs a new person up. */
  async signUp(person: Person = newPerson()): Promise<this> {
    const response = await this.post("/signup", { ...person });
    if (response.status !== 302) throw new Error(`sign-up answered ${response.status}`);
    return this;
  }

  async get(pathname: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.app.url + pathname, {
      redirect: "manual",
      ...init,
      headers: { ...(init.headers as Record<string, string>), cookie: this.cookieHeader() },
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  /** Posts a form from the page's own origin. */
  post(pathname: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
    return this.get(pathname, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { origin: this.app.url, ...headers },
    });
  }

  /** Makes a chat with its session and first run; returns its id and the session's token. */
  async newChat(): Promise<{ chatId: string; token: string }> {
    const chatId = randomUUID();
    const response = await this.post(`/chats/${chatId}/session`);
    if (response.status !== 200) throw new Error(`the session route answered ${response.status}`);
    const { publicAccessToken } = (await response.json()) as { publicAccessToken: string };
    return { chatId, token: publicAccessToken };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  private keep(line: string): void {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** The body that the SDK's transport appends to `.in` for a user's message. */
export function messageBody(chatId: string, text: string, id: string = randomUUID()): string {
  const message = { id, role: "user", parts: [{ type: "text", text }] };
  return JSON.stringify({ kind: "message", payload: { message, chatId, trigger: "submit-message" } });
}

/** Appends to a chat's `.in` the way the browser does. */
export function append(app: App, chatId: string, token: string, body: string, partId: string = randomUUID()) {
  return fetch(`${app.triggerUrl}/realtime/v1/sessions/${chatId}/in/append`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-part-id": partId },
  });
}

/** Opens a chat's stream as server-sent events. */
export function subscribe(
  app: App,
  chatId: string,
  token: string,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${app.triggerUrl}/realtime/v1/sessions/${chatId}/out`, {
    ...init,
    headers: {
      "timeout-seconds": "60",
      ...(init.headers as Record<string, string>),
      authorization: `Bearer ${token}`,
      accept: "text/event-stream",
    },
  });
}

/** All records that local-trigger still keeps of one direction of a chat's session. */
export async function storedRecords(
  app: App,
  chatId: string,
  direction: "in" | "out",
): Promise<StreamRecord[]> {
  const response = await app.trigger(`/realtime/v1/sessions/${chatId}/${direction}/records`);
  if (!response.ok) throw new Error(`records of .${direction} answered ${response.status}`);
  const { records } = (await response.json()) as {
    records: { data: unknown; seqNum: number; headers?: [string, string][] }[];
  };
  return records.map(({ data, seqNum, headers = [] }) => ({ seq: seqNum, data: parsed(data), headers }));
}

function parsed(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // Anybody who may write to `.in` may write what is no JSON.
    return data;
  }
}

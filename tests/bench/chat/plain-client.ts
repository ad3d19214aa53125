import { randomUUID } from "node:crypto";
import { question, type Script } from "../../support/model-script.ts";
import type { ScriptedModel } from "../../support/scripted-model.ts";
import { now } from "./line-client.ts";

interface PlainMessage {
  id: string;
  role: "user" | "assistant";
  parts: { type: "text"; text: string }[];
}

/** A conversation with the plain route: like a page, it sends the whole history each time. */
export class PlainClient {
  private readonly url: string;
  private readonly messages: PlainMessage[] = [];

  constructor(url: string) {
    this.url = url;
  }

  /** One turn; the times, in milliseconds since the send, of the model's request and of the first text here. */
  async turn(model: ScriptedModel, script: Script): Promise<{ asked: number; total: number }> {
    const { text, key } = question("Time this");
    const prepared = model.answer(key, script);
    this.messages.push({ id: randomUUID(), role: "user", parts: [{ type: "text", text }] });
    const sent = now();
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: this.messages }),
    });
    const first = await firstText(response);
    this.messages.push({
      id: randomUUID(),
      role: "assistant",
      parts: [{ type: "text", text: script.text ?? "" }],
    });
    const asked = performance.timeOrigin + (prepared.asked[0]?.at ?? Number.NaN);
    return { asked: asked - sent, total: first - sent };
  }
}

/** Reads a response to its end; returns when its first text was here. */
async function firstText(response: Response): Promise<number> {
  if (!response.ok || !response.body) throw new Error(`the plain route answered ${response.status}`);
  const decoder = new TextDecoder();
  let seen = "";
  let at: number | null = null;
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    seen += decoder.decode(bytes, { stream: true });
    if (at === null && seen.includes('"text-delta"')) at = now();
  }
  if (at === null) throw new Error("the plain route sent no text");
  return at;
}

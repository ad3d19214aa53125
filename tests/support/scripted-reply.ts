import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Asked, Script, ScriptedCall } from "./model-script.ts";

const PIECE_SIZE = 5;
const REASONING_SIZE = 12;
const PIECE_MS = 4;

/** Sends one scripted answer as OpenAI's server-sent events, and notes in `asked` how far it got. */
export class ModelReply {
  private readonly asked: Asked;
  private readonly script: Script;
  private readonly response: ServerResponse;
  private readonly gate: { wait(): Promise<void> };

  constructor(asked: Asked, script: Script, response: ServerResponse, gate: { wait(): Promise<void> }) {
    this.asked = asked;
    this.script = script;
    this.response = response;
    this.gate = gate;
    response.on("close", () => {
      if (asked.state === "open") asked.state = "cut";
    });
  }

  async send(): Promise<void> {
    const { fail, tool, tools = tool ? [tool] : [], repeatTool } = this.script;
    if (fail) {
      this.response.writeHead(fail.status, { "content-type": "application/json" });
      this.response.end(JSON.stringify({ error: { message: fail.message, type: "scripted" } }));
      this.asked.state = "done";
      return;
    }
    this.response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    this.chunk({ role: "assistant" });
    if (!(await this.think())) return;
    if (tools.length > 0 && (repeatTool || !this.hasToolResult())) {
      if (this.script.holdTool) await this.gate.wait();
      for (const [index, call] of tools.entries()) if (!(await this.callTool(call, index))) return;
      return this.finish("tool_calls");
    }
    if (await this.sendText()) this.finish(this.script.finish ?? "stop");
  }

  /** False when the caller went away meanwhile. */
  private async think(): Promise<boolean> {
    const { reasoning = "", reasoningMs = 0, holdReasoningAfter } = this.script;
    let sent = 0;
    for (const piece of pieces(reasoning, REASONING_SIZE)) {
      if (sent === holdReasoningAfter) await this.gate.wait();
      if (reasoningMs > 0) await sleep(reasoningMs);
      if (this.asked.state !== "open") return false;
      this.chunk({ reasoning_content: piece });
      this.asked.thought += piece;
      sent += 1;
    }
    if (sent > 0 && sent === holdReasoningAfter) await this.gate.wait();
    return this.asked.state === "open";
  }

  /** False when the answer is not to be finished. */
  private async sendText(): Promise<boolean> {
    const { text = "", pieceSize = PIECE_SIZE, firstMs = 0, pieceMs = PIECE_MS } = this.script;
    const { holdAfter, cutAfter, raw } = this.script;
    let sent = 0;
    if (firstMs > 0) await sleep(firstMs);
    for (const piece of pieces(text, pieceSize)) {
      if (sent === holdAfter) await this.gate.wait();
      if (pieceMs > 0) await sleep(pieceMs);
      if (this.asked.state !== "open") return false;
      if (sent === cutAfter) {
        this.asked.state = "cut";
        this.response.destroy();
        return false;
      }
      this.asked.firstTextAt ??= performance.now();
      this.chunk({ content: piece });
      this.asked.sent += piece;
      sent += 1;
    }
    if (sent === holdAfter) await this.gate.wait();
    if (raw !== undefined) {
      this.response.end(raw);
      this.asked.state = "done";
      return false;
    }
    return !this.script.neverEnds && this.asked.state === "open";
  }

  /** False when the caller went away meanwhile. */
  private async callTool(tool: ScriptedCall, at: number): Promise<boolean> {
    const { toolPieceSize, holdToolAfter, pieceMs = PIECE_MS } = this.script;
    const whole = JSON.stringify(tool.input);
    const [first = "", ...rest] = toolPieceSize === undefined ? [whole] : pieces(whole, toolPieceSize);
    const id = `call_${Math.random().toString(36).slice(2, 10)}`;
    const call = { index: at, id, type: "function", function: { name: tool.name, arguments: first } };
    this.chunk({ tool_calls: [call] });
    for (const [index, piece] of rest.entries()) {
      if (index + 1 === holdToolAfter) await this.gate.wait();
      if (pieceMs > 0) await sleep(pieceMs);
      if (this.asked.state !== "open") return false;
      this.chunk({ tool_calls: [{ index: at, function: { arguments: piece } }] });
    }
    return true;
  }

  private finish(reason: "stop" | "tool_calls" | "length" | "content_filter"): void {
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
    this.chunk({}, { finish_reason: reason }, { usage });
    this.response.write("data: [DONE]\n\n");
    this.response.end();
    this.asked.state = "done";
  }

  private hasToolResult(): boolean {
    const { messages } = this.asked.request;
    return messages.findLastIndex(({ role }) => role === "tool") > messages.findLastIndex(isUser);
  }

  private chunk(delta: object, choice: object = {}, rest: object = {}): void {
    const value = {
      id: "scripted",
      object: "chat.completion.chunk",
      created: 0,
      model: "scripted",
      choices: [{ index: 0, delta, finish_reason: null, ...choice }],
      ...rest,
    };
    this.response.write(`data: ${JSON.stringify(value)}\n\n`);
  }
}

function isUser({ role }: { role: string }): boolean {
  return role === "user";
}

function pieces(text: string, size: number): string[] {
  // Megabytes in one piece need no look at their letters.
  if (text.length <= size) return text === "" ? [] : [text];
  const characters = Array.from(text);
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { defaultText, lastUserText, type Asked, type ChatRequest, type Script } from "./model-script.ts";
import { ModelReply } from "./scripted-reply.ts";

/** What a test holds of one prepared answer. */
interface Prepared {
  /** The requests that met this answer, oldest first. */
  asked: Asked[];
  /** Resolves once the answer stands still at one of its holds; throws after 30 s. */
  held(): Promise<void>;
  /** Lets what stands still go on, up to the next hold. */
  goOn(): void;
  /** Lets a held answer, and all later ones, go on. */
  release(): void;
}

/**
 * A real HTTP server that speaks OpenAI's chat completions, for tests: answers are scripted by the text of
 * the last user message, and every request is recorded.
 */
export interface ScriptedModel {
  /** The base URL for `OPENAI_COMPATIBLE_BASE_URL`. */
  baseUrl: string;
  /** Every chat turn (`stream: true`) so far, oldest first. */
  turns: Asked[];
  /** Every side request (`stream: false`), such as one for a title. */
  sideRequests: ChatRequest[];
  /** Prepares the answer to every user message that contains `key`; a function gets the attempt, from 1. */
  answer(key: string, script: Script | ((attempt: number) => Script)): Prepared;
  /** Answers the side requests that contain `key`, instead of the usual title; the newest that fits counts. */
  answerSide(key: string, answer: SideAnswer): void;
  /** The requests whose last user message contains `key`. */
  askedFor(key: string): Asked[];
  stop(): Promise<void>;
}

/** The words of a side request's answer, which may take its time. */
type SideAnswer = (request: ChatRequest) => string | Promise<string>;

interface Rule extends Prepared {
  key: string;
  script: (attempt: number) => Script;
  gate: Gate;
}

/** Holds answers back until released; says when one waits. */
class Gate {
  private open = false;
  private waiting: (() => void)[] = [];
  private watchers: (() => void)[] = [];

  wait(): Promise<void> {
    if (this.open) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      for (const watcher of this.watchers.splice(0)) watcher();
    });
  }

  async held(what: string): Promise<void> {
    if (this.waiting.length > 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = (): void => reject(new Error(`no answer to "${what}" was held within ${HELD_MS} ms`));
      timer = setTimeout(fail, HELD_MS);
    });
    const held = new Promise<void>((resolve) => this.watchers.push(resolve));
    await Promise.race([held, late]).finally(() => clearTimeout(timer));
  }

  goOn(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  release(): void {
    this.open = true;
    this.goOn();
  }
}

const HELD_MS = 30_000;
const MODEL_ID = "scripted";

/** Starts the scripted model on a free port of the loopback address; `side` answers the side requests. */
export async function startScriptedModel(
  side: (request: ChatRequest) => string = () => "A scripted title",
): Promise<ScriptedModel> {
  const turns: Asked[] = [];
  const sideRequests: ChatRequest[] = [];
  const rules: Rule[] = [];
  const sides: { key: string; answer: SideAnswer }[] = [];
  const sockets = new Set<Socket>();

  const turn = async (request: ChatRequest, response: ServerResponse): Promise<void> => {
    const userText = lastUserText(request);
    const asked: Asked = {
      at: performance.now(),
      userText,
      request,
      sent: "",
      thought: "",
      firstTextAt: null,
      state: "open",
    };
    turns.push(asked);
    const rule = rules.findLast((candidate) => userText.includes(candidate.key));
    rule?.asked.push(asked);
    const script = rule?.script(rule.asked.length) ?? { text: defaultText(userText) };
    await new ModelReply(asked, script, response, rule?.gate ?? new Gate()).send();
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = incoming.url?.split("?")[0];
    if (incoming.method === "GET" && path === "/v1/models") {
      sendJson(response, { object: "list", data: [{ id: MODEL_ID, object: "model" }] });
      return;
    }
    if (incoming.method !== "POST" || path !== "/v1/chat/completions") {
      response.writeHead(404).end();
      return;
    }
    const request = JSON.parse(await bodyOf(incoming)) as ChatRequest;
    if (request.stream) {
      await turn(request, response);
      return;
    }
    sideRequests.push(request);
    const text = JSON.stringify(request.messages);
    const scripted = sides.findLast(({ key }) => text.includes(key));
    const content = await (scripted?.answer ?? side)(request);
    const message = { role: "assistant", content };
    sendJson(response, {
      id: "side",
      object: "chat.completion",
      created: 0,
      model: MODEL_ID,
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    });
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    turns,
    sideRequests,
    askedFor: (key) => turns.filter((asked) => asked.userText.includes(key)),
    answer(key, script) {
      const gate = new Gate();
      const rule: Rule = {
        key,
        gate,
        asked: [],
        script: typeof script === "function" ? script : () => script,
        held: () => gate.held(key),
        goOn: () => gate.goOn(),
        release: () => gate.release(),
      };
      rules.push(rule);
      return rule;
    },
    answerSide: (key, answer) => void sides.push({ key, answer }),
    async stop() {
      for (const rule of rules) rule.release();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

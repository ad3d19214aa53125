import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseModelId } from "#app/shared/model-option.ts";
import { modelsOf } from "./provider-models.server.ts";

let server: Server;
let base: string;
let requests: IncomingMessage[] = [];
let reply: (request: IncomingMessage) => { status?: number; body?: unknown; never?: boolean };

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    const { status = 200, body = {}, never } = reply(request);
    if (!never) response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  Object.assign(process.env, {
    DATABASE_URL: "postgresql://unused",
    SESSION_SECRET: "a secret of the tests, long enough",
    OPENAI_COMPATIBLE_BASE_URL: `${base}/`,
    OPENAI_COMPATIBLE_API_KEY: "local-key",
    OLLAMA_BASE_URL: "off",
  });
});

beforeEach(async () => {
  requests = [];
  (await import("./list-models.server.ts")).forgetModels();
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const access = (name: Parameters<typeof modelsOf>[0]["name"]) => ({
  name,
  baseUrl: base,
  apiKey: "key",
  variable: "X",
});

describe("the list of models", () => {
  it("is read from the server's /models with its key, and ends with the demo model", async () => {
    reply = () => ({ body: { data: [{ id: "llama:8b" }, { id: "qwen" }] } });
    const { listModels, defaultModelId } = await import("./list-models.server.ts");
    expect((await listModels()).map((model) => model.id)).toEqual([
      "openai-compatible:llama:8b",
      "openai-compatible:qwen",
      "demo:demo",
    ]);
    expect(requests[0]?.url).toBe("/v1/models");
    expect(requests[0]?.headers.authorization).toBe("Bearer local-key");
    expect(await defaultModelId()).toBe("openai-compatible:llama:8b");
  });

  it("is not asked for again while it is fresh, also by many at once", async () => {
    reply = () => ({ body: { data: [{ id: "one" }] } });
    const { listModels } = await import("./list-models.server.ts");
    await Promise.all([listModels(), listModels(), listModels()]);
    await listModels();
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["answers an error", () => ({ status: 500 })],
    ["answers something else", () => ({ body: ["no", "list"] })],
    ["never answers", () => ({ never: true })],
  ])("leaves the demo model when the server %s", async (_what, answer) => {
    reply = answer;
    const { listModels, defaultModelId } = await import("./list-models.server.ts");
    expect((await listModels()).map((model) => model.id)).toEqual(["demo:demo"]);
    expect(await defaultModelId()).toBe("demo:demo");
  });
});

describe("a provider with a key", () => {
  it("offers what chats, the best known first", async () => {
    reply = () => ({
      body: {
        data: ["text-embedding-3", "gpt-4o-audio-preview", "o3", "gpt-4o", "gpt-4.1-mini"].map((id) => ({
          id,
        })),
      },
    });
    expect(await modelsOf(access("openai"))).toEqual(["gpt-4.1-mini", "gpt-4o", "o3"]);
  });

  it("is asked in its own way, and keeps the known models when it does not answer", async () => {
    reply = () => ({
      body: {
        models: [
          { name: "models/gemini-x", supportedGenerationMethods: ["generateContent"] },
          { name: "models/embedding", supportedGenerationMethods: ["embedContent"] },
        ],
      },
    });
    expect(await modelsOf(access("google"))).toEqual(["gemini-x"]);
    expect(requests[0]?.headers["x-goog-api-key"]).toBe("key");
    reply = () => ({ status: 503 });
    expect((await modelsOf(access("anthropic")))[0]).toMatch(/^claude-/);
    expect(requests.at(-1)?.headers["x-api-key"]).toBe("key");
  });
});

describe("a model's id", () => {
  it("is split at its first colon, and must begin with a provider", () => {
    expect(parseModelId("ollama:qwen3:8b")).toEqual({
      id: "ollama:qwen3:8b",
      provider: "ollama",
      model: "qwen3:8b",
    });
    for (const wrong of ["gpt-4o", "nobody:gpt", "openai:", ":x", ""]) expect(parseModelId(wrong)).toBeNull();
  });
});

import { beforeAll, describe, expect, it, vi } from "vitest";
import type { CallTokens } from "./cost.server.ts";

const M = 1_000_000;

/** The function as a process with these variables has it. */
async function costWith(env: Record<string, string> = {}) {
  vi.resetModules();
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { costOf } = await import("./cost.server.ts");
  vi.unstubAllEnvs();
  // Read at the first call, with the variables of then.
  return (model: string, tokens: CallTokens, at = new Date("2026-11-22")) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    try {
      return costOf(model, tokens, at);
    } finally {
      vi.unstubAllEnvs();
    }
  };
}

beforeAll(() => {
  Object.assign(process.env, {
    DATABASE_URL: "postgresql://unused",
    SESSION_SECRET: "a secret of the tests, long enough",
    OLLAMA_BASE_URL: "http://127.0.0.1:1",
  });
});

describe("the cost of a call", () => {
  it("counts fresh, cached and written tokens at their own prices, in millionths of a dollar", async () => {
    const cost = await costWith();
    expect(cost("openai:gpt-4.1", { input: M, output: M })).toBe(10 * M);
    expect(cost("openai:gpt-4.1", { input: M, output: 0, cacheRead: M / 2 })).toBe(1.25 * M);
    const written = { input: M / 10, output: 0, cacheRead: 0, cacheWrite: M / 10 };
    expect(cost("anthropic:claude-sonnet-4-5", written)).toBe(0.375 * M);
    expect(cost("openai:gpt-4.1-mini", { input: 10, output: 10 })).toBe(20);
    expect(cost("openai:gpt-5-nano", { input: 1, output: 0 }), "never nothing for something").toBe(1);
  });

  it("knows a model by the name of its release, and takes no model for another", async () => {
    const cost = await costWith();
    const tokens = { input: M, output: 0 };
    expect(cost("openai:gpt-4o-2024-11-20", tokens)).toBe(2.5 * M);
    expect(cost("anthropic:claude-haiku-4-5-20251001", tokens)).toBe(M);
    expect(cost("anthropic:claude-opus-4-0", { input: M, output: 0 })).toBe(15 * M);
    expect(cost("google:gemini-3-pro-preview", { input: M / 10, output: 0 })).toBe(0.2 * M);
    for (const unknown of [
      "openai:gpt-9",
      "openai:gpt-4o-realtime",
      "anthropic:claude-3-5-haiku-x",
      "nobody",
    ]) {
      expect(cost(unknown, tokens), unknown).toBeNull();
    }
  });

  it("follows long prompts and the day", async () => {
    const cost = await costWith();
    expect(cost("google:gemini-2.5-pro", { input: 200_000, output: 0 })).toBe(250_000);
    expect(cost("google:gemini-2.5-pro", { input: 200_001, output: 0 })).toBe(500_003);
    expect(cost("openai:gpt-6-sol", { input: 300_000, output: 1_000 })).toBe(1_215_000);
    const argon = (day: string) => cost("google:gemini-4-argon", { input: M, output: 0 }, new Date(day));
    expect(argon("2026-11-30T23:59:59Z")).toBe(2 * M);
    expect(argon("2026-12-01")).toBe(4 * M);
  });

  it("is not known where the tokens or the price are not, and nothing where the model runs here", async () => {
    const cost = await costWith({ OPENAI_COMPATIBLE_BASE_URL: "https://models.example.org/v1" });
    const tokens = { input: 5, output: 5 };
    expect(cost("openai:gpt-4.1", { input: undefined, output: 5 })).toBeNull();
    expect(cost("openai-compatible:qwen", tokens)).toBeNull();
    expect(cost("ollama:qwen3:8b", { input: undefined, output: undefined })).toBe(0);
    expect(cost("demo:demo", tokens)).toBe(0);
    const near = await costWith({ OPENAI_COMPATIBLE_BASE_URL: "http://192.168.1.7:8080/v1" });
    expect(near("openai-compatible:qwen", tokens)).toBe(0);
  });

  it("is what MODEL_PRICES says, for one model or all of a provider, and a wrong value is one clear line", async () => {
    const cost = await costWith({
      MODEL_PRICES: '{"openai:gpt-4.1":{"in":1,"out":1},"openai-compatible:*":{"in":3,"out":4,"cached":1}}',
    });
    expect(cost("openai:gpt-4.1", { input: 5, output: 5 })).toBe(10);
    expect(cost("openai-compatible:qwen", { input: 5, output: 5, cacheRead: 5 })).toBe(25);
    for (const wrong of ["{", "[]", '{"gpt":{"in":1,"out":1}}', '{"openai:x":{"in":-1,"out":1}}']) {
      const broken = await costWith({ MODEL_PRICES: wrong });
      expect(() => broken("demo:demo", { input: 1, output: 1 }), wrong).toThrow(/MODEL_PRICES must be/);
    }
  });
});

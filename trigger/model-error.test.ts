import { APICallError, RetryError } from "ai";
import { describe, expect, it } from "vitest";
import { explainModelError } from "./model-error.ts";
import type { ResolvedModel } from "./models.ts";

const model = {
  id: "openai:gpt-x",
  provider: "openai",
  model: "gpt-x",
  access: {
    name: "openai",
    baseUrl: "https://api.example.test/v1",
    apiKey: "sk-secret",
    variable: "OPENAI_API_KEY",
  },
} as unknown as ResolvedModel;

const call = (statusCode: number | undefined, message = "provider says sk-secret", cause?: unknown) =>
  new APICallError({
    message,
    url: "https://api.example.test/v1/chat",
    requestBodyValues: { secret: "sk-secret" },
    statusCode,
    cause,
  });

const refused = () => Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), { code: "ECONNREFUSED" });

describe("an error of the model is a sentence that names the fix", () => {
  it.each([
    ["a wrong key", call(401), /refused the key\. Check OPENAI_API_KEY/],
    ["an unknown model", call(404), /does not have the model openai:gpt-x/],
    ["an empty account", call(402), /no credit/],
    [
      "a rate limit, after retries",
      new RetryError({ message: "x", reason: "maxRetriesExceeded", errors: [call(500), call(429)] }),
      /rate limit/,
    ],
    [
      "a conversation that is too long",
      call(400, "maximum context length is 8192 tokens"),
      /too long.*new chat/,
    ],
    ["a fault of the provider", call(503), /status 503/],
    [
      "a server that is not there",
      call(undefined, "Cannot connect", new TypeError("fetch failed", { cause: refused() })),
      /https:\/\/api\.example\.test cannot be reached.*OPENAI_API_KEY/,
    ],
    ["an answer that broke off", call(200, "Failed to process successful response"), /broke the connection/],
    ["a broken connection", new TypeError("terminated"), /broke the connection/],
    ["anything else", new Error("at secret.ts:12 sk-secret"), /failed in the middle of its answer/],
    ["not even an error", "sk-secret", /failed in the middle of its answer/],
  ])("%s", (_what, error, sentence) => {
    const text = explainModelError(error, model);
    expect(text).toMatch(sentence);
    expect(text).not.toContain("sk-secret");
    expect(text).toMatch(/\.$/);
  });
});

import { describe, expect, test } from "vitest";
import { readConfig } from "./config.mjs";

describe("a wrong variable is one line that names the fix", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ PORT: "abc" }, /^PORT is "abc", but a port is a whole number from 1 to 65535\.$/],
    [{ PORT: "70000" }, /^PORT is "70000"/],
    [{ TRIGGER_PORT: "3000" }, /^PORT and TRIGGER_PORT are both 3000/],
    [
      { DATABASE_URL: "mysql://x", SESSION_SECRET: "0123456789abcdef" },
      /^DATABASE_URL must be a URL that begins with postgres:\/\//,
    ],
    [{ DATABASE_URL: "postgres://x/y" }, /SESSION_SECRET is not\. Set SESSION_SECRET/],
    [{ SESSION_SECRET: "short" }, /^SESSION_SECRET must be at least 16/],
    [{ TRIGGER_API_URL: "http://x" }, /^TRIGGER_API_URL is set but TRIGGER_SECRET_KEY is not/],
    [{ TRIGGER_SECRET_KEY: "x" }, /^TRIGGER_SECRET_KEY is set but TRIGGER_API_URL is not/],
    [{ TRIGGER_API_URL: "http://x", TRIGGER_SECRET_KEY: "x" }, /DATABASE_URL is not/],
    [{ DEFAULT_MODEL: "gpt-5" }, /^DEFAULT_MODEL is "gpt-5", but must be provider:model/],
    [{ DEFAULT_MODEL: "acme:x" }, /one of the providers openai-compatible/],
    [{ SIGNUP: "perhaps" }, /^SIGNUP is "perhaps", but must be open, invite or closed\.$/],
    [{ HEAD_START: "yes" }, /^HEAD_START is "yes", but must be on or off\.$/],
    [
      { HEAD_START: "on", TRIGGER_API_URL: "http://x", TRIGGER_SECRET_KEY: "x" },
      /^HEAD_START is on and TRIGGER_API_URL is set, .* Unset one of them\.$/,
    ],
    [{ GITHUB_CLIENT_ID: "x" }, /^GITHUB_CLIENT_ID is set but GITHUB_CLIENT_SECRET is not/],
    [{ OIDC_ISSUER: "https://id.example", OIDC_CLIENT_ID: "x" }, /OIDC_CLIENT_SECRET is not/],
    [{ GITHUB_URL: "http://github.example" }, /^GITHUB_URL must begin with https:\/\//],
    [{ FETCH_ALLOWED_HOSTS: "wiki.example.org" }, /^FETCH_ALLOWED_HOSTS names "wiki.example.org", but/],
    [{ OPENAI_COMPATIBLE_BASE_URL: "localhost:8080" }, /^OPENAI_COMPATIBLE_BASE_URL must be a URL/],
    [{ SIDE_MODEL: "gpt-5-mini" }, /^SIDE_MODEL is "gpt-5-mini", but must be provider:model/],
    [{ CONTEXT_TOKENS: "12" }, /^CONTEXT_TOKENS/],
    [{ MODEL_PRICES: '{"gpt-5":{"in":1,"out":2}}' }, /^MODEL_PRICES must be JSON such as/],
    [{ MODEL_PRICES: '{"openai:gpt-5":{"in":1}}' }, /^MODEL_PRICES must be JSON such as/],
    [{ WORKER_SPARES: "many" }, /^WORKER_SPARES is "many", but must be a whole number from 0 to 20/],
    [
      { ATTACHMENT_FILE_MB: "lots" },
      /^ATTACHMENT_FILE_MB is "lots", but must be megabytes from 0\.1 to 100000/,
    ],
    [{ ATTACHMENT_MESSAGE_MB: "0" }, /^ATTACHMENT_MESSAGE_MB is "0"/],
    [
      { S3_ENDPOINT: "https://s3.example.org", S3_BUCKET: "files" },
      /S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are not\. Set them, or none/,
    ],
    [{ OLLAMA_BASE_URL: "nope" }, /^OLLAMA_BASE_URL must be a URL/],
  ];
  test.each(cases)("%j", (env, message) => {
    expect(() => readConfig(env, "/somewhere")).toThrow(message);
  });
});

test("with no variable at all everything runs on this machine", () => {
  expect(readConfig({}, "/somewhere")).toMatchObject({
    local: true,
    host: "127.0.0.1",
    port: 3000,
    triggerHost: "127.0.0.1",
    triggerPort: 3030,
    dataDir: "/somewhere/.data",
  });
});

test("a model name may hold colons, and Ollama may be switched off", () => {
  const config = readConfig({ DEFAULT_MODEL: "ollama:qwen3:8b", OLLAMA_BASE_URL: "off" }, "/somewhere");
  expect(config.defaultModel).toBe("ollama:qwen3:8b");
});

// The environment of `npm start`, checked before anything is installed: plain Node only.
import path from "node:path";

/** A problem that the user can solve; its message is the one line to print before exit 1. */
export class StartError extends Error {}

function port(env, name, fallback) {
  const value = env[name]?.trim();
  if (!value) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new StartError(`${name} is "${value}", but a port is a whole number from 1 to 65535.`);
  }
  return number;
}

function count(env, name, least, most) {
  const value = env[name]?.trim();
  if (!value || (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most)) return;
  throw new StartError(`${name} is "${value}", but must be a whole number from ${least} to ${most}.`);
}

function limits(env) {
  for (const name of ["ANSWERS_PER_MINUTE", "ANSWERS_PER_DAY", "ANSWERS_AT_ONCE", "TOKENS_PER_DAY"]) {
    count(env, `LIMIT_${name}`, 0, 1_000_000_000);
  }
  const cost = env.LIMIT_COST_PER_DAY?.trim();
  if (cost && !/^\d{1,6}(\.\d+)?$/.test(cost)) {
    throw new StartError(
      `LIMIT_COST_PER_DAY is "${cost}", but must be US dollars such as 2.50, or 0 for no limit.`,
    );
  }
}

/** Sizes and the bucket of attached files. */
function attachments(env) {
  for (const [name, least] of [
    ["FILE", 0.1],
    ["MESSAGE", 0.1],
    ["USER", 0],
  ]) {
    const value = env[`ATTACHMENT_${name}_MB`]?.trim();
    if (!value || (/^\d+(\.\d+)?$/.test(value) && Number(value) >= least && Number(value) <= 100_000))
      continue;
    throw new StartError(
      `ATTACHMENT_${name}_MB is "${value}", but must be megabytes from ${least} to 100000, such as 10.`,
    );
  }
  const missing = S3.filter((name) => !text(env, name));
  if (missing.length === 0 || missing.length === S3.length) return;
  throw new StartError(
    `Attached files go to S3 when ${S3.join(", ")} are all set, but ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not. Set ${missing.length > 1 ? "them" : "it"}, or none of them to keep files in DATA_DIR.`,
  );
}

const S3 = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];

function url(env, name, protocols) {
  const value = env[name]?.trim();
  if (!value) return undefined;
  const parsed = URL.canParse(value) ? new URL(value) : null;
  if (!parsed || !protocols.includes(parsed.protocol)) {
    throw new StartError(
      `${name} must be a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}.`,
    );
  }
  return value;
}

const text = (env, name) => env[name]?.trim() || undefined;

const PROVIDERS = ["openai-compatible", "openai", "anthropic", "google", "ollama", "demo"];

function providerModel(env, name) {
  const value = text(env, name);
  if (!value) return undefined;
  const [provider, model] = [value.slice(0, value.indexOf(":")), value.slice(value.indexOf(":") + 1)];
  if (!value.includes(":") || !PROVIDERS.includes(provider) || !model) {
    throw new StartError(
      `${name} is "${value}", but must be provider:model, with one of the providers ${PROVIDERS.join(", ")}.`,
    );
  }
  return value;
}

function signUp(env) {
  const value = text(env, "SIGNUP") ?? "open";
  if (!["open", "invite", "closed"].includes(value)) {
    throw new StartError(`SIGNUP is "${value}", but must be open, invite or closed.`);
  }
  return value;
}

function headStart(env) {
  const value = text(env, "HEAD_START") ?? "off";
  if (!["on", "off"].includes(value))
    throw new StartError(`HEAD_START is "${value}", but must be on or off.`);
  if (value === "off" || !text(env, "TRIGGER_API_URL")) return;
  throw new StartError(
    "HEAD_START is on and TRIGGER_API_URL is set, but a head start needs its runs on this machine. Unset one of them.",
  );
}

const PROVIDER_MODEL = /^(openai-compatible|openai|anthropic|google|ollama|demo):./;

function modelPrices(env) {
  const isPrice = (price) =>
    Object.values(price).every((value) => typeof value === "number" && value >= 0) &&
    typeof price.in === "number" &&
    typeof price.out === "number";
  try {
    const list = JSON.parse(text(env, "MODEL_PRICES") ?? "{}");
    const rows = Array.isArray(list) ? [[]] : Object.entries(list);
    if (rows.every(([name, price]) => PROVIDER_MODEL.test(name) && isPrice(price))) return;
  } catch {
    // The line below says how it has to be.
  }
  throw new StartError(
    'MODEL_PRICES must be JSON such as {"openai-compatible:qwen3":{"in":0.4,"out":1.2}}: US dollars for a million tokens.',
  );
}

function fetchAllowedHosts(env) {
  const value = text(env, "FETCH_ALLOWED_HOSTS");
  for (const host of value?.split(",").map((one) => one.trim()) ?? []) {
    if (host && !/^[^\s:/]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(host)) {
      throw new StartError(
        `FETCH_ALLOWED_HOSTS names "${host}", but each host needs its port, such as wiki.example.org:443.`,
      );
    }
  }
}

function research(env, web) {
  url(env, "SEARCH_BASE_URL", web);
  count(env, "RESEARCH_MAX_PAGES", 1, 100);
  count(env, "RESEARCH_MAX_MINUTES", 1, 50);
  count(env, "RESEARCH_MAX_TOKENS", 1000, 100_000_000);
}

function mail(env, web) {
  const publicUrl = url(env, "PUBLIC_URL", web);
  if (!url(env, "SMTP_URL", ["smtp:", "smtps:"])) return;
  if (text(env, "MAIL_FROM") && publicUrl) return;
  throw new StartError(
    "SMTP_URL is set, but mails also need MAIL_FROM, such as chat@example.org, and PUBLIC_URL, which their links begin with.",
  );
}

/** Providers that sign people in: each has all of its variables, or none. */
function signInProviders(env, web) {
  for (const names of [
    ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"],
    ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
    ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"],
  ]) {
    const set = names.filter((name) => text(env, name));
    const missing = names.filter((name) => !text(env, name));
    if (set.length === 0 || missing.length === 0) continue;
    throw new StartError(`${set[0]} is set but ${missing[0]} is not. Set ${names.join(" and ")}, or none.`);
  }
  for (const name of ["GITHUB_URL", "OIDC_ISSUER"]) {
    const value = url(env, name, web);
    if (!value || isSecret(value)) continue;
    throw new StartError(`${name} must begin with https://: only on this machine may it be http://.`);
  }
}

/** Nobody else reads what goes there. */
function isSecret(value) {
  const { protocol, hostname } = new URL(value);
  return protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

/**
 * Reads and checks what `npm start` needs to know.
 * @param {Record<string, string | undefined>} [env]
 * @throws {StartError} one line that names the variable and the fix
 */
export function readConfig(env = process.env, root = process.cwd()) {
  const web = ["http:", "https:"];
  const config = {
    root,
    dataDir: path.resolve(root, text(env, "DATA_DIR") ?? ".data"),
    host: text(env, "HOST") ?? "127.0.0.1",
    port: port(env, "PORT", 3000),
    triggerHost: text(env, "TRIGGER_HOST") ?? "127.0.0.1",
    triggerPort: port(env, "TRIGGER_PORT", 3030),
    databaseUrl: url(env, "DATABASE_URL", ["postgres:", "postgresql:"]),
    sessionSecret: text(env, "SESSION_SECRET"),
    triggerApiUrl: url(env, "TRIGGER_API_URL", web),
    triggerSecretKey: text(env, "TRIGGER_SECRET_KEY"),
    triggerPublicUrl: url(env, "TRIGGER_PUBLIC_URL", web),
    defaultModel: providerModel(env, "DEFAULT_MODEL"),
    signUp: signUp(env),
  };
  url(env, "OPENAI_COMPATIBLE_BASE_URL", web);
  mail(env, web);
  signInProviders(env, web);
  count(env, "WORKER_SPARES", 0, 20);
  count(env, "WORKER_MAX_PROCESSES", 1, 1000);
  count(env, "WORKER_MEMORY_MB", 256, 65_536);
  providerModel(env, "SIDE_MODEL");
  count(env, "CONTEXT_TOKENS", 1_000, 100_000_000);
  count(env, "MODEL_SILENCE_SECONDS", 1, 86_400);
  count(env, "MODEL_ANSWER_SECONDS", 1, 86_400);
  count(env, "RUN_IDLE_SECONDS", 1, 3600);
  count(env, "RUN_END_SECONDS", 1, 86_400);
  research(env, web);
  headStart(env);
  limits(env);
  url(env, "S3_ENDPOINT", web);
  attachments(env);
  fetchAllowedHosts(env);
  modelPrices(env);
  if (text(env, "OLLAMA_BASE_URL") !== "off") url(env, "OLLAMA_BASE_URL", web);
  checkTogether(config);
  return { ...config, local: config.triggerApiUrl === undefined };
}

function checkTogether(config) {
  if (Boolean(config.triggerApiUrl) !== Boolean(config.triggerSecretKey)) {
    const [set, missing] = config.triggerApiUrl
      ? ["TRIGGER_API_URL", "TRIGGER_SECRET_KEY"]
      : ["TRIGGER_SECRET_KEY", "TRIGGER_API_URL"];
    throw new StartError(
      `${set} is set but ${missing} is not. Set both, or neither to run everything on this machine.`,
    );
  }
  if (config.databaseUrl && !config.sessionSecret) {
    throw new StartError(
      "DATABASE_URL is set but SESSION_SECRET is not. Set SESSION_SECRET to at least 16 random characters, and keep it.",
    );
  }
  if (config.sessionSecret && config.sessionSecret.length < 16) {
    throw new StartError("SESSION_SECRET must be at least 16 characters long.");
  }
  if (config.triggerApiUrl && !config.databaseUrl) {
    throw new StartError(
      "TRIGGER_API_URL is set but DATABASE_URL is not. Runs there need a database that they can reach: set DATABASE_URL and SESSION_SECRET.",
    );
  }
  if (!config.triggerApiUrl && config.port === config.triggerPort) {
    throw new StartError(`PORT and TRIGGER_PORT are both ${config.port}. Give each its own.`);
  }
}

import { isIP } from "node:net";
import { z } from "zod";

/**
 * The environment of the web server and of the run processes, parsed once.
 * The only reader of `process.env` in `app/` and `trigger/`.
 */
const optional = z
  .string()
  .optional()
  .transform((value) => (value?.trim() ? value.trim() : undefined));

const optionalUrl = optional.refine(
  (value) => value === undefined || URL.canParse(value),
  "must be a URL such as http://127.0.0.1:8080/v1",
);

const hostList = optional
  .transform((value) =>
    (value ?? "")
      .split(",")
      .map((host) => host.trim().toLowerCase())
      .filter(Boolean),
  )
  .refine(
    (hosts) => hosts.every((host) => /^[^\s:/]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/.test(host)),
    "must be hosts with ports such as wiki.example.org:443, separated by commas",
  );

const PRICES_FORM =
  'must be JSON such as {"openai-compatible:qwen3":{"in":0.4,"out":1.2,"cached":0.1}}: US dollars for a million tokens';

const perMillion = z.number().min(0).max(10_000);

/** By `provider:model`, or `provider:*` for all others of a provider. */
const priceList = z.record(
  z.string().regex(/^(openai-compatible|openai|anthropic|google|ollama|demo):./),
  z.strictObject({
    in: perMillion,
    out: perMillion,
    cached: perMillion.optional(),
    cacheWrite: perMillion.optional(),
  }),
);

const modelPrices = optional.transform((value, context) => {
  try {
    return priceList.parse(JSON.parse(value ?? "{}"));
  } catch {
    context.addIssue({ code: "custom", message: PRICES_FORM });
    return z.NEVER;
  }
});

const proxyList = optional
  .transform((value) => (value ?? "").split(/[\s,]+/).filter(Boolean))
  .refine(
    (proxies) =>
      proxies.every((proxy) => {
        const [address = "", bits, ...more] = proxy.split("/");
        const most = isIP(address) === 6 ? 128 : 32;
        return (
          isIP(address) > 0 &&
          more.length === 0 &&
          (bits === undefined || (/^\d+$/.test(bits) && +bits <= most))
        );
      }),
    "must be addresses or networks such as 10.0.0.5,172.18.0.0/16",
  );

const port = z.coerce.number().int().min(0).max(65535);

const limit = (fallback: number) => z.coerce.number().min(0).max(1_000_000_000).default(fallback);

const megabytes = (fallback: number, least: number) =>
  z.coerce
    .number()
    .min(least)
    .max(100_000)
    .default(fallback)
    .transform((value) => Math.round(value * 1_000_000));

const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  PORT: port.default(3000),
  HOST: z.string().default("127.0.0.1"),
  DATABASE_URL: z.string().min(1, "is missing; `npm start` sets it"),
  SESSION_SECRET: z.string().min(16, "must be at least 16 characters long"),
  TRIGGER_API_URL: optionalUrl,
  TRIGGER_SECRET_KEY: optional,
  TRIGGER_PUBLIC_URL: optionalUrl,
  /** Set by `npm start` when local-trigger runs: the browser reaches it on the page's own host. */
  LOCAL_TRIGGER_PORT: port.optional(),
  /** Where the web server finds what `remix vite:build` made. */
  WEB_BUILD_DIR: optional,
  OPENAI_API_KEY: optional,
  ANTHROPIC_API_KEY: optional,
  GOOGLE_GENERATIVE_AI_API_KEY: optional,
  OPENAI_COMPATIBLE_BASE_URL: optionalUrl,
  OPENAI_COMPATIBLE_API_KEY: optional,
  OLLAMA_BASE_URL: optional,
  DEFAULT_MODEL: optional,
  /** `provider:model` for summaries and second looks; unset: the chat's own. */
  SIDE_MODEL: optional,
  /** Whether the web server asks the model of a new chat while its run still begins. */
  HEAD_START: optional.pipe(z.enum(["on", "off"], "must be on or off").default("off")),
  /** What a model takes in at once, of servers that run models of their own. */
  CONTEXT_TOKENS: z.coerce.number().int().min(1_000).max(100_000_000).default(32_000),
  MODEL_PRICES: modelPrices,
  /** Hosts that the tool that reads pages may ask though they are not public: `wiki.intern:443,127.0.0.1:8080`. */
  FETCH_ALLOWED_HOSTS: hostList,
  /** A search engine with SearXNG's JSON, for deep research; unset: it begins with addresses alone. */
  SEARCH_BASE_URL: optionalUrl,
  /** What one deep research may take. */
  RESEARCH_MAX_PAGES: z.coerce.number().int().min(1).max(100).default(12),
  RESEARCH_MAX_MINUTES: z.coerce.number().int().min(1).max(50).default(10),
  RESEARCH_MAX_TOKENS: z.coerce.number().int().min(1000).max(100_000_000).default(300_000),
  /** Who may make an account: anybody, whoever has a link of an admin, nobody. */
  SIGNUP: optional.pipe(
    z.enum(["open", "invite", "closed"], "must be open, invite or closed").default("open"),
  ),
  /** Sign-in by providers: each needs its client's id and secret. `GITHUB_URL`: a GitHub of one's own. */
  GITHUB_CLIENT_ID: optional,
  GITHUB_CLIENT_SECRET: optional,
  GITHUB_URL: optionalUrl,
  GOOGLE_CLIENT_ID: optional,
  GOOGLE_CLIENT_SECRET: optional,
  OIDC_ISSUER: optionalUrl,
  OIDC_CLIENT_ID: optional,
  OIDC_CLIENT_SECRET: optional,
  /** What the button calls it. */
  OIDC_NAME: optional,
  /** A mail server, `smtp://` or `smtps://`, and the address that mails come from. */
  SMTP_URL: optional.refine(
    (value) => value === undefined || /^smtps?:\/\/[^/]/.test(value),
    "must begin with smtp:// or smtps://",
  ),
  MAIL_FROM: optional,
  /** Proxies, besides those on this machine, that may say for whom they ask. */
  TRUSTED_PROXIES: proxyList,
  /** Where people reach the web server; links in mails begin with it. */
  PUBLIC_URL: optionalUrl,
  /** How long a run waits in its process for the next message: a person who reads and answers finds it warm. */
  RUN_IDLE_SECONDS: z.coerce.number().int().min(1).max(3600).default(30),
  /**
   * How long it waits after that before it ends. Each waiting run holds about 130 MB and a slot of the machine,
   * and a message to an ended run costs less than a second more.
   */
  RUN_END_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** A model that says nothing for so long is given up. */
  MODEL_SILENCE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(180),
  /** An answer that is not done after so long is cut off. */
  MODEL_ANSWER_SECONDS: z.coerce.number().int().min(1).max(86_400).default(2700),
  /** Pause of the built-in demo model before each word. */
  DEMO_MODEL_DELAY_MS: z.coerce.number().int().min(0).max(10_000).default(35),
  /** What one person may use; 0: no limit. A day is the last 24 hours. */
  LIMIT_ANSWERS_PER_MINUTE: limit(30),
  LIMIT_ANSWERS_PER_DAY: limit(1000),
  LIMIT_ANSWERS_AT_ONCE: limit(10),
  LIMIT_TOKENS_PER_DAY: limit(5_000_000),
  /** In US dollars. */
  LIMIT_COST_PER_DAY: limit(0),
  /** Set by `npm start` where runs share its machine: where attached files lie unless S3_BUCKET names a bucket. */
  ATTACHMENTS_DIR: optional,
  S3_ENDPOINT: optionalUrl,
  S3_BUCKET: optional,
  S3_REGION: optional.transform((value) => value ?? "us-east-1"),
  S3_ACCESS_KEY_ID: optional,
  S3_SECRET_ACCESS_KEY: optional,
  /** Given in megabytes, read as bytes; of all files of a user 0: no limit. */
  ATTACHMENT_FILE_MB: megabytes(10, 0.1),
  ATTACHMENT_MESSAGE_MB: megabytes(20, 0.1),
  ATTACHMENT_USER_MB: megabytes(1_000, 0),
});

export type Env = z.infer<typeof schema>;

const waits = schema.pick({ RUN_IDLE_SECONDS: true, RUN_END_SECONDS: true });

/** How long runs wait for the next message. Apart, because the build of the tasks asks for it where little else is set. */
export const runWaits = (): z.infer<typeof waits> => checked(waits);

const read = (): Env => checked(schema);

function checked<Shape extends z.ZodType>(shape: Shape): z.infer<Shape> {
  const result = shape.safeParse(process.env);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new Error(`Wrong environment: ${lines.join("; ")}`);
}

let parsed: Env | undefined;

/** The parsed environment. Throws one line that names each wrong variable. */
export function env(): Env {
  return (parsed ??= read());
}

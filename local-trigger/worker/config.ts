import path from "node:path";
import { z } from "zod";

const schema = z.object({
  TRIGGER_API_URL: z
    .url("must be a URL such as http://127.0.0.1:3030")
    .transform((url) => url.replace(/\/+$/, "")),
  TRIGGER_SECRET_KEY: z.string("is missing").min(1, "is missing"),
  TRIGGER_PROJECT_REF: z.string().min(1).default("proj_longrun"),
  TASKS_BUILD_DIR: z.string().min(1).default("build/tasks"),
  DATA_DIR: z.string().min(1).default(".data"),
  WORKER_SPARES: z.coerce.number().int().min(0).max(20).default(1),
  WORKER_MAX_PROCESSES: z.coerce.number().int().min(1).max(1000).default(50),
  WORKER_MEMORY_MB: z.coerce.number().int().min(256).max(65_536).default(1024),
});

/** What the worker host needs to know. Folders are absolute. */
export type WorkerConfig = {
  apiUrl: string;
  secretKey: string;
  projectRef: string;
  /** The build of the tasks, or a link to it. */
  buildDir: string;
  pidDir: string;
  logDir: string;
  /** Processes kept ready for the next run. */
  spares: number;
  /** Run processes at the same time, spares included; further work stays queued. */
  maxProcesses: number;
  /** What one run process may take of the machine's memory, in MiB; one that takes more is ended. */
  memoryMb: number;
  /** The environment of run processes. */
  taskEnv: TaskEnv;
};

export type TaskEnv = Record<string, string> & { NODE_ENV: "production" };

const TASK_VARIABLES = new Set(
  [
    "PATH HOME TMPDIR LANG LC_ALL TZ NODE_EXTRA_CA_CERTS SSL_CERT_FILE",
    "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy",
    "LIMIT_ANSWERS_PER_MINUTE LIMIT_ANSWERS_PER_DAY LIMIT_ANSWERS_AT_ONCE LIMIT_TOKENS_PER_DAY LIMIT_COST_PER_DAY",
    "DATABASE_URL SESSION_SECRET DEFAULT_MODEL MODEL_SILENCE_SECONDS MODEL_ANSWER_SECONDS DEMO_MODEL_DELAY_MS LOCAL_TRIGGER_PORT FETCH_ALLOWED_HOSTS RUN_IDLE_SECONDS RUN_END_SECONDS MODEL_PRICES",
    "SEARCH_BASE_URL RESEARCH_MAX_PAGES RESEARCH_MAX_MINUTES RESEARCH_MAX_TOKENS",
    "SIDE_MODEL CONTEXT_TOKENS HEARTBEAT_INTERVAL_MS",
  ].flatMap((line) => line.split(" ")),
);
const TASK_PREFIXES = [
  "TRIGGER_",
  "OPENAI_",
  "ANTHROPIC_",
  "GOOGLE_GENERATIVE_AI_",
  "OLLAMA_",
  "S3_",
  "ATTACHMENT",
];
// The access token may deploy and read every project: task code has no business with it.
const NEVER = new Set(["TRIGGER_ACCESS_TOKEN", "TRIGGER_HOST", "TRIGGER_PORT"]);

/** Reads the host's environment. Throws one line that names each wrong variable. */
export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new Error(`Wrong environment of the worker host: ${lines.join("; ")}`);
  }
  const values = parsed.data;
  const dataDir = path.resolve(values.DATA_DIR);
  return {
    apiUrl: values.TRIGGER_API_URL,
    secretKey: values.TRIGGER_SECRET_KEY,
    projectRef: values.TRIGGER_PROJECT_REF,
    buildDir: path.resolve(values.TASKS_BUILD_DIR),
    pidDir: path.join(dataDir, "run", "runs"),
    logDir: path.join(dataDir, "logs", "runs"),
    spares: values.WORKER_SPARES,
    maxProcesses: values.WORKER_MAX_PROCESSES,
    memoryMb: values.WORKER_MEMORY_MB,
    taskEnv: taskEnvironment(env, values.TRIGGER_API_URL, values.TRIGGER_PROJECT_REF),
  };
}

function taskEnvironment(env: NodeJS.ProcessEnv, apiUrl: string, projectRef: string): TaskEnv {
  const passed = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    const wanted = TASK_VARIABLES.has(name) || TASK_PREFIXES.some((prefix) => name.startsWith(prefix));
    return value !== undefined && wanted && !NEVER.has(name);
  });
  return {
    ...Object.fromEntries(passed),
    NODE_ENV: "production",
    TRIGGERDOTDEV: "1",
    TRIGGER_API_URL: apiUrl,
    TRIGGER_PROJECT_REF: projectRef,
    TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT: `${apiUrl}/otel`,
    // Each thread of a process would keep what it once allocated.
    MALLOC_ARENA_MAX: "2",
    // Telemetry goes nowhere on one machine: send it rarely and in one piece.
    TRIGGER_OTEL_BATCH_PROCESSING_ENABLED: "1",
    TRIGGER_OTEL_METRICS_COLLECTION_INTERVAL_MILLIS: "60000",
    TRIGGER_OTEL_METRICS_EXPORT_INTERVAL_MILLIS: "60000",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
  };
}

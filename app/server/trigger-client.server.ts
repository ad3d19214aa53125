import { auth, runs, sessions } from "@trigger.dev/sdk";
import { z } from "zod";
import { env } from "#app/env.server.ts";

/** The only server door to the Trigger API. Every call gives up after a few seconds. */

const TASK = "longrun-chat";
/** Tasks whose runs belong to a chat, by their tag. */
const CHAT_TASKS = [TASK, "longrun-research", "longrun-delegate"];
const TIMEOUT_MS = 5_000;
const TOKEN_LIFE = "1h";

/** The Trigger API refused a call, or could not be reached (`status` 0). */
export class TriggerError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "TriggerError";
  }
}

let configured = false;

function configure(): void {
  if (configured) return;
  const { TRIGGER_API_URL, TRIGGER_SECRET_KEY } = env();
  auth.configure({
    ...(TRIGGER_API_URL ? { baseURL: TRIGGER_API_URL } : {}),
    ...(TRIGGER_SECRET_KEY ? { accessToken: TRIGGER_SECRET_KEY } : {}),
    // A person waits for each of these calls; what may be tried again is tried again by the page.
    requestOptions: { retry: { maxAttempts: 2, minTimeoutInMs: 100, maxTimeoutInMs: 200 } },
  });
  configured = true;
}

async function sdk<T>(call: () => PromiseLike<T>): Promise<T> {
  configure();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TriggerError(0, "no answer in time")), TIMEOUT_MS);
  });
  try {
    return await Promise.race([call(), tooLong]);
  } catch (error) {
    throw asTriggerError(error);
  } finally {
    clearTimeout(timer);
  }
}

function asTriggerError(error: unknown): TriggerError {
  if (error instanceof TriggerError) return error;
  const { status } = z
    .object({ status: z.number().catch(0) })
    .catch({ status: 0 })
    .parse(error);
  return new TriggerError(status, error instanceof Error ? error.message : String(error));
}

type Call = { method?: string; headers?: Record<string, string>; body?: string };

async function http(path: string, init: Call = {}): Promise<unknown> {
  const { TRIGGER_API_URL, TRIGGER_SECRET_KEY } = env();
  const url = `${(TRIGGER_API_URL ?? "https://api.trigger.dev").replace(/\/+$/, "")}${path}`;
  const headers = { ...init.headers, Authorization: `Bearer ${TRIGGER_SECRET_KEY ?? ""}` };
  try {
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new TriggerError(response.status, `${path} answered ${response.status}`);
    return await response.json();
  } catch (error) {
    throw asTriggerError(error);
  }
}

const sessionPath = (chatId: string) => `/realtime/v1/sessions/${encodeURIComponent(chatId)}`;

/** Makes the chat's session and its first run, or finds them; idempotent. The run waits for a message. */
export async function startSession(chatId: string): Promise<{ runId: string; publicAccessToken: string }> {
  const started = await sdk(() =>
    sessions.start({
      type: "chat.agent",
      externalId: chatId,
      taskIdentifier: TASK,
      // What the SDK's own `chat.createStartSessionAction` sends, without loading the agent runtime for it.
      triggerConfig: {
        basePayload: { messages: [], trigger: "preload", chatId },
        tags: [`chat:${chatId}`],
      },
    }),
  );
  return { runId: started.runId, publicAccessToken: started.publicAccessToken };
}

/** The run that the session has now; null when there is no session. */
export async function currentRun(chatId: string): Promise<string | null> {
  try {
    const session = await sdk(() => sessions.retrieve(chatId));
    return session.currentRunId ?? null;
  } catch (error) {
    if (error instanceof TriggerError && error.status === 404) return null;
    throw error;
  }
}

/** The chats' runs that have not ended, those of subtasks too, with their tags (`chat:<id>`). */
export function liveRuns(): Promise<{ id: string; tags: string[] }[]> {
  return sdk(async () => {
    const found: { id: string; tags: string[] }[] = [];
    const status = ["QUEUED", "DEQUEUED", "EXECUTING", "WAITING", "DELAYED", "PENDING_VERSION"] as const;
    for await (const run of runs.list({ taskIdentifier: CHAT_TASKS, status: [...status], limit: 100 })) {
      found.push({ id: run.id, tags: run.tags });
    }
    return found;
  });
}

/** Ends a run; its open turn gets its end. A run that is over already is no error. */
export async function cancelRun(runId: string): Promise<void> {
  await sdk(() => runs.cancel(runId));
}

/** Ends the session for good: the run is cancelled, later messages are refused. No session is no error. */
export async function closeSession(chatId: string, reason: string): Promise<void> {
  try {
    await sdk(() => sessions.close(chatId, { reason }));
  } catch (error) {
    if (!(error instanceof TriggerError && error.status === 404)) throw error;
  }
}

/** A token that reads and writes this one session and reads its run, for an hour. */
export function mintToken(chatId: string, runId: string | null): Promise<string> {
  const read = { sessions: chatId, ...(runId ? { runs: runId } : {}) };
  return sdk(() =>
    auth.createPublicToken({ scopes: { read, write: { sessions: chatId } }, expirationTime: TOKEN_LIFE }),
  );
}

/** Appends to `.in`. The same `partId` again stores nothing and answers as the first time. */
export async function appendInput(chatId: string, input: unknown, partId: string): Promise<void> {
  await http(`${sessionPath(chatId)}/in/append`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Part-Id": partId },
    body: JSON.stringify(input),
  });
}

/** Data comes as a JSON value, or as the text of one. */
function jsonValue(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

const recordsReply = z.object({
  records: z.array(
    z.object({
      data: z.unknown().transform(jsonValue),
      id: z.string().optional(),
      seqNum: z.number().int(),
      headers: z.array(z.tuple([z.string(), z.string()])).optional(),
    }),
  ),
});

export type StreamRecord = z.infer<typeof recordsReply>["records"][number];

/** A reply with fewer records is the last one; how many one holds at most is the server's choice. */
const SHORT_PAGE = 500;

/** The records of one of the session's streams after a cursor, oldest first; none when there is no session. */
export async function readRecords(
  chatId: string,
  io: "in" | "out",
  afterEventId: string | null,
): Promise<StreamRecord[]> {
  const pages: StreamRecord[][] = [];
  let after = afterEventId;
  for (;;) {
    const page = await readPage(chatId, io, after);
    pages.push(page);
    const last = page.at(-1);
    if (!last || page.length < SHORT_PAGE) return pages.flat();
    after = String(last.seqNum);
  }
}

async function readPage(chatId: string, io: "in" | "out", after: string | null): Promise<StreamRecord[]> {
  const query = after === null ? "" : `?afterEventId=${encodeURIComponent(after)}`;
  try {
    return recordsReply.parse(await http(`${sessionPath(chatId)}/${io}/records${query}`)).records;
  } catch (error) {
    if (error instanceof TriggerError && error.status === 404) return [];
    throw error;
  }
}

const localHealth = z.object({ worker: z.boolean() });

/** Whether something would run a message's turn. Throws TriggerError when the Trigger API does not answer. */
export async function workerIsRegistered(): Promise<boolean> {
  if (env().LOCAL_TRIGGER_PORT !== undefined) return localHealth.parse(await http("/healthz")).worker;
  try {
    await http("/api/v1/deployments/current");
    return true;
  } catch (error) {
    if (!(error instanceof TriggerError && error.status === 404)) throw error;
    // A development environment has no deployments; who runs `trigger dev` sees its worker there.
    return env().TRIGGER_SECRET_KEY?.startsWith("tr_dev_") === true;
  }
}

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { describeError } from "../../log.ts";
import { StreamRemoved, type StreamStore } from "../../streams/stream-store.ts";
import { MalformedMessage } from "../../wire/protobuf.ts";
import {
  appendAckJson,
  BatchTooLarge,
  decodeAppendInput,
  encodeAppendAck,
  parseJsonInput,
  type AppendInput,
} from "../../wire/s2-append.ts";
import type { AppendResult, NewRecord } from "../../wire/records.ts";
import { turnCompleteHeader } from "../../wire/session-records.ts";
import { chatOfStream, idsOfStream } from "../../wire/stream-names.ts";
import { errorFrame, FrameReader } from "../../wire/s2s-frames.ts";
import { json } from "../answer.ts";
import { AppendSession } from "../append-session.ts";
import { readBody, readText } from "../body.ts";
import { bearerToken } from "../credentials.ts";
import { HttpError } from "../errors.ts";
import { isGone } from "../gone.ts";
import type { LiveWriters } from "../live-writers.ts";
import type { RequestContext, Route } from "../router.ts";
import { mayAppend } from "../s2-credentials.ts";

export type S2Deps = { streams: StreamStore; secretKey: string; writers: LiveWriters };

const bodyLimit = 4 * 1024 * 1024;

/** The S2 data plane, appends only: one address, three encodings told apart by the content type. */
export function s2Routes(deps: S2Deps): Route[] {
  return [
    {
      method: "POST",
      path: "/v1/streams/:stream/records",
      access: "signed",
      handler: (c) => append(c, deps),
    },
  ];
}

async function append(c: RequestContext, deps: S2Deps): Promise<void> {
  const stream = c.params["stream"] ?? "";
  const token = bearerToken(c.req.headers.authorization);
  if (!token) throw s2Error(401, "unauthenticated", "A token is needed.");
  if (!mayAppend(deps, stream, token))
    throw s2Error(403, "permission_denied", "This token does not open this stream.");
  const type = c.req.headers["content-type"] ?? "";
  try {
    if (type.startsWith("s2s/proto")) await appendSession(c, deps, stream);
    else if (type.includes("protobuf")) await appendProtobuf(c, deps, stream);
    else await appendJson(c, deps, stream);
  } catch (error) {
    throw toHttpError(c, stream, error);
  }
}

async function appendJson(c: RequestContext, deps: S2Deps, stream: string): Promise<void> {
  const base64 = c.req.headers["s2-format"] === "base64";
  const input = parseJsonInput(await readText(c, { limit: bodyLimit }), base64);
  json(c, 200, appendAckJson(await store(c, deps, stream, unconditional(input))));
}

async function appendProtobuf(c: RequestContext, deps: S2Deps, stream: string): Promise<void> {
  const input = decodeAppendInput(await readBody(c, { limit: bodyLimit }));
  const result = await store(c, deps, stream, unconditional(input));
  c.res.writeHead(200, { "content-type": "application/protobuf" }).end(encodeAppendAck(result));
}

/**
 * One long request: the frames that arrive while an append is under way are one append together. They are acknowledged in
 * order, each after its commit; after a failure no later frame is stored.
 */
async function appendSession(c: RequestContext, deps: S2Deps, stream: string): Promise<void> {
  const { req, res } = c;
  res.writeHead(200, { "content-type": "s2s/proto" });
  res.flushHeaders();
  const session = new AppendSession(
    (records) => store(c, deps, stream, records),
    (acks) => void res.write(acks),
  );
  const ended = deps.writers.began(stream);
  const reading = readFrames(req, session);
  try {
    // An append may fail while the writer waits for its acknowledgement and sends nothing more.
    await Promise.race([reading, session.failure]);
    await session.end();
    res.end();
  } catch (error) {
    await session.settled();
    void reading.catch(() => {}).finally(() => req.resume());
    // A writer that left in the middle of a frame has nobody to read an answer.
    if (res.destroyed || req.destroyed) return;
    const { status, body } = toHttpError(c, stream, error);
    if (status < 500) {
      c.log.warn("s2.session_failed", {
        chatId: chatOfStream(stream),
        stream,
        status,
        error: describeError(error),
      });
    }
    res.end(errorFrame(status, { code: String(body["code"]), message: String(body["message"]) }));
  } finally {
    ended();
  }
}

async function readFrames(req: IncomingMessage, session: AppendSession): Promise<void> {
  const reader = new FrameReader();
  // The default would destroy the request when an append fails, and the error frame with it.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    for (const { terminal, body } of reader.push(chunk)) {
      if (terminal) return;
      session.add(unconditional(decodeAppendInput(body)));
    }
    await session.roomForMore();
  }
}

async function store(
  c: RequestContext,
  { streams }: S2Deps,
  stream: string,
  records: NewRecord[],
): Promise<AppendResult> {
  const result = await streams.append(stream, records);
  const [name, value] = turnCompleteHeader;
  const endsTurn = records.some((record) =>
    record.headers?.some(([key, is]) => key === name && is === value),
  );
  if (endsTurn) c.log.info("turn.completed", { chatId: chatOfStream(stream), next: result.next });
  return result;
}

function unconditional(input: AppendInput): AppendInput["records"] {
  if (input.conditional) throw s2Error(422, "invalid", "match_seq_num and fencing_token are not served.");
  return input.records;
}

/** What is not for writers to see goes to the log, under the number that they are told. */
function toHttpError(c: RequestContext, stream: string, error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof MalformedMessage) return s2Error(400, "invalid", error.message);
  if (error instanceof BatchTooLarge) return s2Error(413, "batch_too_large", error.message);
  if (error instanceof StreamRemoved) return s2Error(409, "stream_deletion_pending", error.message);
  const errorId = randomBytes(6).toString("hex");
  const line = { ...idsOfStream(stream), errorId, error: describeError(error) };
  // A writer that left in the middle of its body has nothing to be told, and nothing is wrong here.
  if (isGone(c.res) && (!c.req.complete || isCutOff(error))) c.log.info("s2.writer_left", line);
  else c.log.error("s2.append_failed", line);
  return s2Error(500, "storage", `The append failed. The log of local-trigger has it as ${errorId}.`);
}

/** A request of HTTP/2 whose stream is gone calls itself complete; what read it says that it was not. */
const isCutOff = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";

function s2Error(status: number, code: string, message: string): HttpError {
  return new HttpError(status, message, { code, body: { message } });
}

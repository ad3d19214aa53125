import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  createReadableStreamFromReadable,
  type ActionFunctionArgs,
  type AppLoadContext,
  type EntryContext,
  type LoaderFunctionArgs,
} from "@remix-run/node";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import { renderToPipeableStream } from "react-dom/server";
import { z } from "zod";
import { liveDocument } from "#app/live/live-document.ts";
import { ownsChat } from "#app/server/owns-chat.server.ts";
import { followAnswer } from "#app/server/follow-answer.server.ts";
import { prepareHeadStart } from "#app/server/head-start.server.ts";
import { countLive } from "#app/server/live-documents.server.ts";
import { keepSweeping } from "#app/server/sweep-attachments.server.ts";
import { describeError, log } from "#app/server/log.server.ts";
import { ErrorIdContext } from "#app/ui/error-id.tsx";
import { NonceContext } from "#app/ui/nonce.tsx";

keepSweeping();
prepareHeadStart();

export const streamTimeout = 5_000;

/** Renders the whole document, then sends it: every page's data is there before its first byte but a running answer. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  loadContext: AppLoadContext,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let failed = false;
    const { pipe, abort } = renderToPipeableStream(
      <NonceContext.Provider value={loadContext.nonce}>
        <ErrorIdContext.Provider value={loadContext.errorId}>
          <RemixServer context={remixContext} url={request.url} nonce={loadContext.nonce} />
        </ErrorIdContext.Provider>
      </NonceContext.Provider>,
      {
        nonce: loadContext.nonce,
        onAllReady() {
          const body = new PassThrough();
          headers.set("Content-Type", "text/html; charset=utf-8");
          const live = failed ? null : openAnswer(remixContext);
          const sent = live ? countLive(loadContext.liveFor ?? "", goOn(body, live, request)) : body;
          resolve(
            new Response(createReadableStreamFromReadable(sent), { headers, status: failed ? 500 : status }),
          );
          pipe(body);
        },
        onShellError: reject,
        onError(error) {
          failed = true;
          const { pathname } = new URL(request.url);
          log("error", "render-failed", {
            errorId: loadContext.errorId,
            path: pathname,
            ...describeError(error),
          });
        },
      },
    );
    setTimeout(abort, streamTimeout + 1_000).unref();
  });
}

const liveSchema = z.object({ chatId: z.string(), lastEventId: z.string().nullable() });

/** The answer that the document is to go on with; null for every page but that of browsers without scripts. */
function openAnswer({ staticHandlerContext }: EntryContext) {
  const { loaderData, errors } = staticHandlerContext;
  return errors ? null : (liveSchema.safeParse(loaderData["routes/chats.$chatId_.live"]).data ?? null);
}

function goOn(body: Readable, live: z.infer<typeof liveSchema>, request: Request): Readable {
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  const mayRead = () => ownsChat(request, live.chatId);
  async function* written() {
    yield* liveDocument(await text(body), followAnswer(live.chatId, live.lastEventId, { signal, mayRead }));
  }
  return Readable.from(written()).once("close", () => left.abort());
}

/** What failed outside of loaders and actions. The browser is told nothing of it. */
export function handleError(
  error: unknown,
  { request, context }: LoaderFunctionArgs | ActionFunctionArgs,
): void {
  // An address that cannot be used in this way is no failure.
  if (request.signal.aborted || isRouteErrorResponse(error)) return;
  const { pathname } = new URL(request.url);
  const { errorId } = context;
  log("error", "request-failed", {
    errorId,
    method: request.method,
    path: pathname,
    ...describeError(error),
  });
}

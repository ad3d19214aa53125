import { redirect, type LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { LiveView } from "#app/chat/live-view.tsx";
import { attachmentOffer } from "#app/server/attachments.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { assertRoomForLive } from "#app/server/live-documents.server.ts";
import { loadChat } from "#app/server/load-chat.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import { RouteError } from "#app/ui/route-error.tsx";

const missing = () => new Response("Not found", { status: 404 });

/** `app/root.tsx` leaves the scripts out: they would wait for the end of the document. */
export const handle = { scripts: false };

/**
 * For a browser without scripts, to which the page of an open turn leads: the same conversation, in a document that
 * goes on while the answer is written. `app/entry.server.tsx` writes the answer into it.
 */
export async function loader({ request, params: { chatId }, context }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  assertRoomForLive(user.id);
  context.liveFor = user.id;
  if (!isChatId(chatId)) throw missing();
  const loaded = await loadChat({ userId: user.id, chatId });
  if (!loaded) {
    await auditForeignChat({ userId: user.id, chatId });
    throw missing();
  }
  const { messages, status, handle: at, partialIds } = loaded;
  if (!loaded.reachable || (status !== "submitted" && status !== "streaming")) {
    throw redirect(`/chats/${chatId}`);
  }
  const running = messages.findIndex(({ id }) => id === loaded.runningId);
  const asked = messages.findIndex(({ id }) => id === at.pending[0]?.messageId);
  const split = running !== -1 ? running : asked !== -1 ? asked + 1 : messages.length;
  return {
    chatId,
    messageId: crypto.randomUUID(),
    attachments: attachmentOffer(),
    status,
    stopping: at.stopSeq !== null,
    partialIds,
    summary: loaded.summary,
    before: messages.slice(0, split),
    after: messages.slice(running === -1 ? split : split + 1),
    lastEventId: at.lastEventId,
  };
}

export default function LiveChat() {
  return <LiveView {...useLoaderData<typeof loader>()} />;
}

export function ErrorBoundary() {
  return (
    <main className="chat-missing">
      <RouteError />
    </main>
  );
}

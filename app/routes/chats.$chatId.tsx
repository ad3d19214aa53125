import {
  data,
  redirect,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { ChatView } from "#app/chat/chat-view.tsx";
import { unlessDocumentOnly } from "#app/chat/documents/unless-document-only.ts";
import type { ListedChat } from "#app/chat/group-by-age.ts";
import { keepPage } from "#app/chat/keep-page.ts";
import { reachShown } from "#app/chat/earlier-messages.ts";
import { keepLast } from "#app/chat/keep-last.ts";
import { chatOwner } from "#app/models/chat.server.ts";
import { markSeen } from "#app/models/chat-news.server.ts";
import { readVotes } from "#app/models/vote.server.ts";
import { attachmentOffer } from "#app/server/attachments.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { answerIntent } from "#app/server/chat-intents.server.ts";
import { auditForeignChat } from "#app/server/foreign-chat.server.ts";
import { documentBeside } from "#app/server/documents.server.ts";
import { shownSettings } from "#app/server/chat-settings.server.ts";
import { retryHeaders } from "#app/server/limits.server.ts";
import { loadChat } from "#app/server/load-chat.server.ts";
import { landingOf, windowOf } from "#app/server/message-window.server.ts";
import { publicTriggerUrl } from "#app/server/trigger-url.server.ts";
import { readFormWithFiles } from "#app/server/message-files.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import { RouteError } from "#app/ui/route-error.tsx";

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

const missing = () => new Response("Not found", { status: 404 });

/** The tab's title follows the list, where a title that arrives later is seen first. */
export const meta: MetaFunction<typeof loader> = (args) => {
  const list = args.matches.find((match) => match.id === "routes/chats")?.data as
    { chats: ListedChat[] } | undefined;
  const title = list?.chats.find(({ id }) => id === args.params.chatId)?.title ?? args.data?.title;
  return [{ title: args.data ? `${title ?? "Chat"} – Longrun` : "Longrun" }];
};

/** The history, the messages that wait for an answer, and the handle to go on reading from here. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  if (!isChatId(params.chatId)) throw missing();
  const { chatId } = params;
  const loaded = await loadChat({ userId: user.id, chatId, window: windowOf(request.url) });
  const settings = loaded && (await shownSettings(chatId));
  if (!settings) {
    await auditForeignChat({ userId: user.id, chatId });
    throw missing();
  }
  const [votes] = await Promise.all([
    readVotes(chatId),
    seeStored(user.id, chatId, loaded.handle.lastEventId),
  ]);
  const messageId = crypto.randomUUID();
  const document = await documentBeside({ userId: user.id, chatId }, request.url);
  const ids = loaded.messages.map(({ id }) => id);
  const landing = await landingOf(request.url, chatId, ids);
  const attachments = attachmentOffer();
  const triggerUrl = publicTriggerUrl(request.url);
  return { ...loaded, ...landing, settings, votes, document, chatId, messageId, attachments, triggerUrl };
}

/** What is shown counts as seen, on every device. */
async function seeStored(userId: string, chatId: string, eventId: string | null): Promise<void> {
  if (eventId !== null) await markSeen({ userId, chatId, eventId });
}

export const shouldRevalidate = unlessDocumentOnly;

export const clientLoader = keepLast<Awaited<ReturnType<typeof loader>>>(reachShown);

/** Everything that a form can do to one's own chat. A chat that is not one's own is not there. */
export async function action({ request, params }: ActionFunctionArgs) {
  const user = await requireUser(request);
  const { chatId } = params;
  if (!isChatId(chatId)) throw missing();
  if ((await chatOwner(chatId)) !== user.id) {
    await auditForeignChat({ userId: user.id, chatId });
    throw missing();
  }
  const answer = await answerIntent({ userId: user.id, chatId }, await readFormWithFiles(request, user.id));
  if ("redirectTo" in answer) return redirect(answer.redirectTo);
  return data(answer.body, { status: answer.status, headers: retryHeaders(answer) });
}

export const clientAction = keepPage;

export default function Chat() {
  const loaded = useLoaderData<typeof loader>();
  const returned = useActionData<typeof action>();
  return <ChatView key={loaded.chatId} {...loaded} returned={returned} />;
}

export function ErrorBoundary() {
  return (
    <main className="chat-missing">
      <RouteError />
    </main>
  );
}

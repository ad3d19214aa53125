import {
  data,
  redirect,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { keepLast } from "#app/chat/keep-last.ts";
import { keepFirstMessage } from "#app/chat/keep-page.ts";
import { NewChat } from "#app/chat/new-chat.tsx";
import { attachmentOffer } from "#app/server/attachments.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { limitOf, retryHeaders } from "#app/server/limits.server.ts";
import { readFormWithFiles } from "#app/server/message-files.server.ts";
import { parseMessageForm, parseNewChatId } from "#app/server/message-form.server.ts";
import { newChatSettings } from "#app/server/chat-settings.server.ts";
import { newChatChoice } from "#app/server/model-choice.server.ts";
import { modelNotice } from "#app/server/model-notice.server.ts";
import { sendFirstMessage, tellSendError } from "#app/server/start-chat.server.ts";

export const meta: MetaFunction = () => [{ title: "New chat – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

/** Both ids are made here, so that the form also works without scripts and a repeated post changes nothing. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  const [notice, choice] = await Promise.all([modelNotice(), newChatChoice(user.id)]);
  const attachments = attachmentOffer();
  return { chatId: crypto.randomUUID(), messageId: crypto.randomUUID(), notice, choice, attachments };
}

/** What was given before may be another chat's id by now. */
export const clientLoader = keepLast<Awaited<ReturnType<typeof loader>>>(undefined, (data) => ({
  ...data,
  chatId: crypto.randomUUID(),
  messageId: crypto.randomUUID(),
}));

/** Makes the chat with its first message and goes there. */
export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request);
  const { form, files, problem } = await readFormWithFiles(request, user.id);
  const parsed = parseMessageForm(form, files.length > 0);
  const { text } = parsed;
  const refuse = (error: string, status: number) => data({ error, text, files, kept: null }, { status });
  if (problem !== null) return refuse(problem, 400);
  if (!parsed.ok) return refuse(parsed.error, 400);
  const { messageId } = parsed;
  const chatId = parseNewChatId(form);
  const kept = { chatId, messageId };
  const settings = await newChatSettings(user.id, form);
  if ("error" in settings) return refuse(settings.error, 400);
  const full = await limitOf(user.id);
  if (full) {
    const refused = { error: full.error, text, files, kept };
    return data(refused, { status: full.status, headers: retryHeaders(full) });
  }
  try {
    const made = await sendFirstMessage(user.id, settings, { ...kept, text, files });
    if (made) return redirect(`/chats/${chatId}`);
  } catch (error) {
    const told = tellSendError(chatId, error);
    return data({ error: told.error, text, files, kept }, { status: told.status });
  }
  return refuse("This page is out of date. Send the message again.", 404);
}

export const clientAction = keepFirstMessage;

export default function NewChatRoute() {
  const loaded = useLoaderData<typeof loader>();
  const returned = useActionData<typeof action>();
  // A form that came back keeps its ids: what it may have done already is not done twice.
  const kept = returned?.kept ?? loaded;
  return (
    <NewChat
      key={kept.chatId}
      chatId={kept.chatId}
      messageId={kept.messageId}
      notice={loaded.notice}
      choice={loaded.choice}
      attachments={loaded.attachments}
      returned={returned}
    />
  );
}

import { isRouteErrorResponse, type ClientActionFunctionArgs } from "@remix-run/react";

const UNREACHABLE = "Longrun cannot be reached. Nothing was changed. Try again in a moment.";
const UNSENT = "Longrun cannot be reached. Your message is still here: send it again in a moment.";

/** A client action for a page that stays open while the web server is away: the form is told, the page stays. */
export async function keepPage({ serverAction }: ClientActionFunctionArgs): Promise<unknown> {
  try {
    return await serverAction();
  } catch (error) {
    if (error instanceof Response || isRouteErrorResponse(error)) throw error;
    return { error: UNREACHABLE };
  }
}

/** The same for the first message of a new chat: it is in its box again, under the ids under which it may have arrived. */
export async function keepFirstMessage({
  request,
  serverAction,
}: ClientActionFunctionArgs): Promise<unknown> {
  const form = await request.clone().formData();
  try {
    return await serverAction();
  } catch (error) {
    if (error instanceof Response || isRouteErrorResponse(error)) throw error;
    const [text, chatId, messageId] = ["text", "chatId", "messageId"].map((name) => form.get(name));
    return { error: UNSENT, text, kept: { chatId, messageId } };
  }
}

import type { LoaderFunctionArgs } from "@remix-run/node";
import { listNews } from "#app/models/chat-news.server.ts";
import { requireUserJson } from "#app/server/auth.server.ts";

/** What happens in one's own chats, and whether there are others, for a list that is open. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUserJson(request);
  return Response.json(await listNews(user.id));
}

import { data, type LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { unlessDocumentOnly } from "#app/chat/documents/unless-document-only.ts";
import { ageOf } from "#app/chat/group-by-age.ts";
import { keepLast } from "#app/chat/keep-last.ts";
import { Shell } from "#app/chat/shell.tsx";
import { listChats } from "#app/models/chat.server.ts";
import { listNews } from "#app/models/chat-news.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { nearLimitOf } from "#app/server/limits.server.ts";
import { isSidebarHidden } from "#app/shared/sidebar-state.ts";
import type { Theme } from "#app/shared/theme.ts";
import { RouteError } from "#app/ui/route-error.tsx";

const PAGE = 60;
const MOST = 1_200;

/** One's own chats, newest first, and what is nearly used up. `?older=n` shows so many chats. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  const asked = Number(new URL(request.url).searchParams.get("older") ?? PAGE);
  const shown = Number.isInteger(asked) ? Math.min(Math.max(asked, PAGE), MOST) : PAGE;
  const [rows, news, nearLimit] = await Promise.all([
    listChats({ userId: user.id, limit: shown + 1 }),
    listNews(user.id),
    nearLimitOf(user.id),
  ]);
  const now = new Date();
  const chats = rows.slice(0, shown).map(({ id, title, updatedAt }) => ({
    id,
    title,
    age: ageOf(updatedAt, now),
  }));
  const older = rows.length > shown ? shown + PAGE : null;
  const shownUser = { name: user.name, email: user.email, role: user.role };
  const hidden = isSidebarHidden(request.headers.get("Cookie"));
  return data({ user: shownUser, chats, news, older, nearLimit, hidden });
}

export const shouldRevalidate = unlessDocumentOnly;

export const clientLoader = keepLast<Awaited<ReturnType<typeof loader>>["data"]>();

export default function Chats() {
  const list = useLoaderData<typeof loader>();
  const theme = useRouteLoaderData<{ theme: Theme }>("root")?.theme ?? "system";
  return (
    <Shell {...list} theme={theme}>
      <Outlet />
    </Shell>
  );
}

export function ErrorBoundary() {
  return (
    <main className="lone">
      <RouteError />
    </main>
  );
}

import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import {
  isRouteErrorResponse,
  useLoaderData,
  type ClientLoaderFunctionArgs,
  type ShouldRevalidateFunction,
} from "@remix-run/react";
import { SearchPage } from "#app/chat/search-page.tsx";
import { requireUser } from "#app/server/auth.server.ts";
import { searchChats, type Found } from "#app/server/search.server.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.query ? `“${data.query}” in your chats` : "Search"} – Longrun` },
];

/** What is found in one's own chats for `?q=`. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Found> {
  const user = await requireUser(request);
  return searchChats(user.id, new URL(request.url).searchParams.get("q") ?? "");
}

/** The sidebar asks while a chat is open, which must stay when the web server is away. */
export async function clientLoader({ request, serverLoader }: ClientLoaderFunctionArgs) {
  try {
    return await serverLoader<typeof loader>();
  } catch (error) {
    if (error instanceof Response || isRouteErrorResponse(error)) throw error;
    return { query: new URL(request.url).searchParams.get("q") ?? "", results: null };
  }
}

/** What was found stays as it is while the page around it is read again. */
export const shouldRevalidate: ShouldRevalidateFunction = ({ currentUrl, nextUrl }) =>
  currentUrl.search !== nextUrl.search;

export default function Search() {
  const { query, results } = useLoaderData<typeof clientLoader>();
  return <SearchPage query={query} results={results} />;
}

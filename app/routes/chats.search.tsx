import { data, type HeadersFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import {
  isRouteErrorResponse,
  useLoaderData,
  type ClientLoaderFunctionArgs,
  type ShouldRevalidateFunction,
} from "@remix-run/react";
import { SearchPage } from "#app/chat/search-page.tsx";
import { requireUser } from "#app/server/auth.server.ts";
import { retryHeaders } from "#app/server/limits.server.ts";
import { workLimit } from "#app/server/heavy-work.server.ts";
import { givenUp, searchChats, type Found } from "#app/server/search.server.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.query ? `“${data.query}” in your chats` : "Search"} – Longrun` },
];

/** What is found in one's own chats for `?q=`. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  const query = new URL(request.url).searchParams.get("q") ?? "";
  const full = await workLimit(user.id, "search");
  if (full) {
    const told: Found = { query, results: null, problem: full.error };
    return data(told, { status: full.status, headers: retryHeaders(full) });
  }
  try {
    return data<Found>(await searchChats(user.id, query));
  } catch (error) {
    return data<Found>({ query, results: null, problem: givenUp(error) }, { status: 503 });
  }
}

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ loaderHeaders }) => loaderHeaders;

/** The sidebar asks while a chat is open, which must stay when the web server is away. */
export async function clientLoader({ request, serverLoader }: ClientLoaderFunctionArgs) {
  try {
    return await serverLoader<typeof loader>();
  } catch (error) {
    if (error instanceof Response || isRouteErrorResponse(error)) throw error;
    const query = new URL(request.url).searchParams.get("q") ?? "";
    return { query, results: null } satisfies Found;
  }
}

/** What was found stays as it is while the page around it is read again. */
export const shouldRevalidate: ShouldRevalidateFunction = ({ currentUrl, nextUrl }) =>
  currentUrl.search !== nextUrl.search;

export default function Search() {
  const { query, results, problem } = useLoaderData<Found>();
  return <SearchPage query={query} results={results} problem={problem} />;
}

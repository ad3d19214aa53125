import { isRouteErrorResponse, type ClientLoaderFunctionArgs } from "@remix-run/react";

type ClientLoader<Data> = ((args: ClientLoaderFunctionArgs) => Promise<Data>) & { hydrate: true };

/**
 * A client loader for a page that stays open while the web server is away. Reading it again, in the background
 * or after a form, then keeps what is shown instead of putting an error page in the place of a running answer.
 * A redirect, a 404 and the first visit to an address go on as they are. `complete` adds what only the page knows that
 * it needs; `again` makes of what was read before what may be shown once more.
 */
export function keepLast<Data>(
  complete?: (data: Data) => Promise<Data>,
  again: (data: Data) => Data = (data) => data,
): ClientLoader<Data> {
  let last: { address: string; data: Data } | null = null;
  const load = async ({ request, serverLoader }: ClientLoaderFunctionArgs): Promise<Data> => {
    const address = new URL(request.url).pathname;
    try {
      const given = (await serverLoader()) as Data;
      const data = complete ? await complete(given) : given;
      last = { address, data };
      return data;
    } catch (error) {
      const answered = error instanceof Response || isRouteErrorResponse(error);
      if (answered || last?.address !== address) throw error;
      return again(last.data);
    }
  };
  return Object.assign(load, { hydrate: true as const });
}

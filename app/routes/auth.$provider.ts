import type { LoaderFunctionArgs } from "@remix-run/node";
import { beginSignIn } from "#app/server/provider-sign-in.server.ts";
import { knownProvider } from "#app/server/sign-in-providers.server.ts";

/** The way to a provider that signs people in. */
export const loader = ({ request, params }: LoaderFunctionArgs): Promise<Response> =>
  beginSignIn(knownProvider(params.provider), request);

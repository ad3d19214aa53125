import type { LoaderFunctionArgs } from "@remix-run/node";
import { comeBack } from "#app/server/provider-sign-in.server.ts";
import { knownProvider } from "#app/server/sign-in-providers.server.ts";

/** The way back from a provider. */
export const loader = ({ request, params, context }: LoaderFunctionArgs): Promise<Response> =>
  comeBack(knownProvider(params.provider), request, context.ip);

import { isRouteErrorResponse, type ClientActionFunctionArgs } from "@remix-run/react";

const UNREACHABLE = "Longrun cannot be reached. Nothing was changed. Try again in a moment.";

/** A client action for a page that stays open while the web server is away: the form is told, the page stays. */
export async function keepPage({ serverAction }: ClientActionFunctionArgs): Promise<unknown> {
  try {
    return await serverAction();
  } catch (error) {
    if (error instanceof Response || isRouteErrorResponse(error)) throw error;
    return { error: UNREACHABLE };
  }
}

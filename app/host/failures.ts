import type { ActionFunctionArgs, LoaderFunctionArgs, ServerBuild } from "@remix-run/node";
import { describeError, log } from "#app/server/log.server.ts";

type Args = LoaderFunctionArgs | ActionFunctionArgs;
type Handler = (args: never) => unknown;

/** What a loader or an action throws by intention: an answer, or data with a status. */
function isAnswer(thrown: unknown): boolean {
  if (thrown instanceof Response) return true;
  const type = typeof thrown === "object" && thrown !== null && "type" in thrown ? thrown.type : null;
  return type === "DataWithResponseInit";
}

/** The same handler; what fails in it is told as a number that the log explains, and as nothing else. */
function guarded<Handles extends Handler>(handler: Handles): Handles {
  const guard = async (args: Args): Promise<unknown> => {
    try {
      return await (handler as unknown as (args: Args) => unknown)(args);
    } catch (error) {
      if (isAnswer(error) || args.request.signal.aborted) throw error;
      const { errorId } = args.context;
      const { pathname } = new URL(args.request.url);
      log("error", "request-failed", {
        errorId,
        method: args.request.method,
        path: pathname,
        ...describeError(error),
      });
      throw Response.json(
        { error: `Something went wrong. The log has it as ${errorId}.`, errorId },
        { status: 500 },
      );
    }
  };
  return guard as unknown as Handles;
}

/** The build with every loader and action guarded, so that no route can be forgotten. */
export function withErrorIds(build: ServerBuild): ServerBuild {
  const routes = Object.entries(build.routes).map(([id, route]) => {
    if (!route) return [id, route];
    const { loader, action } = route.module;
    const module = {
      ...route.module,
      ...(loader ? { loader: guarded(loader) } : {}),
      ...(action ? { action: guarded(action) } : {}),
    };
    return [id, { ...route, module }];
  });
  return { ...build, routes: Object.fromEntries(routes) as ServerBuild["routes"] };
}

import { useRouteLoaderData } from "@remix-run/react";

/** Says near the message box that little is left of a limit, before it is reached. */
export function LimitNote() {
  const near = useRouteLoaderData<{ nearLimit: string | null }>("routes/chats")?.nearLimit;
  return near ? <p className="limit-note">{near}</p> : null;
}

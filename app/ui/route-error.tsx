import { isRouteErrorResponse, Link, useRouteError } from "@remix-run/react";
import { useContext } from "react";
import { ErrorIdContext } from "#app/ui/error-id.tsx";
import { ErrorPanel } from "#app/ui/error-panel.tsx";

const told: Record<number, { title: string; text: string }> = {
  404: { title: "Nothing is here", text: "This page does not exist, or it is not yours to see." },
  403: { title: "Not allowed", text: "This request came from another site and was refused." },
  405: { title: "Not like this", text: "This address cannot be used in this way." },
  503: {
    title: "Not available right now",
    text: "A part of Longrun does not answer. Try again in a moment.",
  },
};

const unexpected = {
  title: "Something went wrong",
  text: "The page could not be shown. Nothing of your chats is lost. Reload the page to try again.",
};

/** Under which the log has it; undefined for what is no failure of the server. */
function useErrorId(error: unknown): string | undefined {
  const ofDocument = useContext(ErrorIdContext);
  if (!isRouteErrorResponse(error)) return ofDocument;
  const { data } = error as { data: unknown };
  const told = typeof data === "object" && data !== null && "errorId" in data ? data.errorId : undefined;
  return typeof told === "string" ? told : undefined;
}

/** What stands in place of a route that could not be shown. */
export function RouteError() {
  const error = useRouteError();
  const errorId = useErrorId(error);
  const { title, text } = (isRouteErrorResponse(error) ? told[error.status] : undefined) ?? unexpected;
  return (
    <ErrorPanel title={title}>
      <p>{text}</p>
      {errorId && <p className="hint">Whoever runs this server finds it in the log as {errorId}.</p>}
      <p>
        <Link to="/chats">Start a new chat</Link>
      </p>
    </ErrorPanel>
  );
}

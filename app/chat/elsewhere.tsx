import { useLocation } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { useBranch } from "#app/chat/use-branches.ts";
import { Button } from "#app/ui/button.tsx";

/** The message that the address names is on another branch. Who comes from the search is led there. */
export function Elsewhere({ messageId }: { messageId: string }) {
  const branches = useBranch();
  const { key, state } = useLocation();
  const asked = useRef<string | null>(null);
  const found = (state as { found?: boolean } | null)?.found === true;
  useEffect(() => {
    if (!found || !branches || branches.locked || asked.current === key) return;
    asked.current = key;
    branches.ask({ intent: "show", target: messageId });
  }, [found, branches, key, messageId]);
  if (!branches) return null;
  return (
    <form
      method="post"
      action={`/chats/${branches.chatId}`}
      className="notice"
      onSubmit={(event) => {
        event.preventDefault();
        branches.ask({ intent: "show", target: messageId });
      }}
    >
      <p>The message that was found is in another version of this conversation.</p>
      <input type="hidden" name="intent" value="show" />
      <input type="hidden" name="target" value={messageId} />
      <input type="hidden" name="land" value="1" />
      <Button type="submit" disabled={branches.locked}>
        Show that version
      </Button>
    </form>
  );
}

import type { FormEvent } from "react";
import type { Branches } from "#app/chat/use-branches.ts";
import { Button } from "#app/ui/button.tsx";

/** At the end of a branch that goes on: what was taken back is not gone. */
export function TakenBack({ branches }: { branches: Branches }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    branches.ask({ intent: "restore" });
  };
  return (
    <form className="taken-back" method="post" action={`/chats/${branches.chatId}`} onSubmit={submit}>
      <span className="note">What came next was taken back.</span>
      <input type="hidden" name="intent" value="restore" />
      <Button type="submit" disabled={branches.locked}>
        Restore
      </Button>
    </form>
  );
}

import { Pencil, RotateCcw, X } from "lucide-react";
import type { Undelivered } from "#app/chat/chat-facts.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Button } from "#app/ui/button.tsx";

const SIZE = 14;

type Props = {
  message: LongrunUIMessage;
  problem: Undelivered | undefined;
  onRetry: () => void;
  /** `rewrite`: its text goes back into the box. */
  onDiscard: ((message: LongrunUIMessage, rewrite: boolean) => void) | undefined;
};

/** Why a message was not sent, and what can be done with it. */
export function UnsentActs({ message, problem, onRetry, onDiscard }: Props) {
  return (
    <div className="unsent">
      <p className="note" role="alert">
        Not sent. {problem?.why}{" "}
        {problem?.signIn && (
          <a href={`/login?redirectTo=${encodeURIComponent(location.pathname)}`}>Sign in</a>
        )}
      </p>
      <div className="unsent-buttons">
        <Button onClick={onRetry}>
          <RotateCcw size={SIZE} aria-hidden /> Try again
        </Button>
        {onDiscard && (
          <>
            <Button onClick={() => onDiscard(message, true)}>
              <Pencil size={SIZE} aria-hidden /> Change
            </Button>
            <Button onClick={() => onDiscard(message, false)}>
              <X size={SIZE} aria-hidden /> Remove
            </Button>
          </>
        )}
      </div>
    </div>
  );
}

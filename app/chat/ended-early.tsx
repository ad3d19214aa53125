import { asksPerson } from "#app/shared/tool-answers.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import { Button } from "#app/ui/button.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

const WHY: Record<string, string> = {
  length: "The model’s limit of length ended this answer.",
  "content-filter": "The provider’s filter ended this answer.",
  "tool-calls": "The limit of steps ended this answer.",
};

/** What is said in the person's name for more of it. */
export const GO_ON = "Go on.";

type Props = {
  message: LongrunUIMessage;
  /** Undefined where something follows the answer, or is on its way. */
  onGoOn: (() => void) | undefined;
};

/** An answer that something else than the model ended says so; what a limit has ended can be gone on with. */
export function EndedEarly({ message, onGoOn }: Props) {
  const hydrated = useHydrated();
  const reason = message.metadata?.finishReason ?? "";
  const why = WHY[reason];
  // Calls that wait for the person, or did, have ended it, too.
  if (!why || (reason === "tool-calls" && (!onGoOn || asksPerson(message)))) return null;
  return (
    <p className="note ended-early">
      {why} {hydrated && onGoOn && reason !== "content-filter" && <Button onClick={onGoOn}>Go on</Button>}
    </p>
  );
}

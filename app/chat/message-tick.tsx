import { Check, CheckCheck, CircleAlert, Clock, Ellipsis } from "lucide-react";
import type { Tick } from "#app/chat/ticks.ts";

const SHOWN = {
  queued: { Icon: Clock, words: "Queued: not on the server yet" },
  stored: { Icon: Check, words: "Stored: it will be answered, whatever happens" },
  answering: { Icon: Ellipsis, words: "Being answered" },
  unanswered: { Icon: CircleAlert, words: "Stored, but not answered" },
  answered: { Icon: CheckCheck, words: "Answered" },
} as const;

/** How far a message has come, as a sign of its own for each state, with words for who cannot see it. */
export function MessageTick({ tick }: { tick: Tick }) {
  const { Icon, words } = SHOWN[tick];
  return (
    <span className="tick" data-tick={tick} title={words}>
      <Icon size={15} aria-hidden />
      <span className="unseen">{words}</span>
    </span>
  );
}

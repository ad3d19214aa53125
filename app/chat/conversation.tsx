import { ArrowDown } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { KeepPlace } from "#app/chat/keep-place.tsx";
import { useLanding } from "#app/chat/use-landing.ts";

type Props = {
  /** The first message that is shown. */
  first?: string | undefined;
  /** The page was opened at a place of its own, and stays there. */
  landed?: boolean;
  /** The message to which the address leads, once it is there. */
  landing?: string | null;
  /** How many messages this page has sent: who sends wants to see the message and its answer, wherever one has read. */
  sent?: number;
  /** What comes before the messages; `away` says that the reader has left the end. */
  above?: ((away: boolean) => ReactNode) | undefined;
  children: ReactNode;
};

/** The scrolling column. It follows what arrives at its end until the reader scrolls up. */
export function Conversation({ first, landed = false, landing = null, sent = 0, above, children }: Props) {
  const { scrollRef, contentRef, isAtBottom, scrollToBottom, stopScroll } = useStickToBottom({
    initial: landed ? false : "instant",
    resize: "instant",
  });
  useLanding(landing, scrollRef, stopScroll);
  useEffect(() => {
    if (sent > 0) void scrollToBottom("instant");
  }, [sent, scrollToBottom]);
  return (
    <div className="conversation">
      {/* Who has no wheel scrolls by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className="scroll" ref={scrollRef} tabIndex={0} aria-label="Messages">
        {/* Silent: `HeardAnswer` tells of what is new, and of nothing that is only shown again. */}
        <div className="column" ref={contentRef}>
          <KeepPlace first={first} scroller={scrollRef}>
            {above?.(!isAtBottom)}
            {children}
          </KeepPlace>
        </div>
      </section>
      {!isAtBottom && (
        <button type="button" className="to-end" onClick={() => void scrollToBottom()}>
          <ArrowDown size={16} aria-hidden />
          <span className="unseen">Go to the end</span>
        </button>
      )}
    </div>
  );
}

import { ArrowDown } from "lucide-react";
import type { ReactNode } from "react";
import { useStickToBottom } from "use-stick-to-bottom";

/** The scrolling column. It follows what arrives at its end until the reader scrolls up. */
export function Conversation({ busy, children }: { busy: boolean; children: ReactNode }) {
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({
    initial: "instant",
    resize: "instant",
  });
  return (
    <div className="conversation">
      <div className="scroll" ref={scrollRef}>
        <div
          className="column"
          ref={contentRef}
          role="log"
          aria-label="Conversation"
          aria-live="polite"
          aria-busy={busy}
        >
          {children}
        </div>
      </div>
      {!isAtBottom && (
        <button type="button" className="to-end" onClick={() => void scrollToBottom()}>
          <ArrowDown size={16} aria-hidden />
          <span className="unseen">Go to the end</span>
        </button>
      )}
    </div>
  );
}

import { Info } from "lucide-react";
import { messageFacts } from "#app/chat/message-facts.ts";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";

/** How an answer came to be, one click away. Opens without scripts too; nothing above it moves. */
export function MessageInfo({ message, partial }: { message: LongrunUIMessage; partial: boolean }) {
  const facts = messageFacts(message, partial);
  if (facts.length === 0) return null;
  return (
    <details className="message-info">
      <summary className="icon-button" aria-label="About this answer" title="About this answer">
        <Info size={15} aria-hidden />
      </summary>
      <dl>
        {facts.map(({ name, value, code }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{code ? <code>{value}</code> : value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

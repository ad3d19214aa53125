import { Fragment, memo, type ReactNode } from "react";
import { EndedEarly } from "#app/chat/ended-early.tsx";
import { EditMessage } from "#app/chat/edit-message.tsx";
import { FileParts } from "#app/chat/file-parts.tsx";
import { MessageActs } from "#app/chat/message-acts.tsx";
import { MessageInfo } from "#app/chat/message-info.tsx";
import { MessagePart } from "#app/chat/message-part.tsx";
import { MessageTick } from "#app/chat/message-tick.tsx";
import { QueuedActs } from "#app/chat/queued-acts.tsx";
import { SummaryMark } from "#app/chat/summary-mark.tsx";
import { ticksOf, type Tick } from "#app/chat/ticks.ts";
import { useBranch } from "#app/chat/use-branches.ts";
import type { Delivery, Undelivered } from "#app/chat/chat-facts.ts";
import { UnsentActs } from "#app/chat/unsent-acts.tsx";
import { useQueued } from "#app/chat/use-queue.ts";
import { holdsNothing, messageError, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { Summary } from "#app/shared/summary.ts";

type Props = {
  messages: LongrunUIMessage[];
  partialIds: readonly string[];
  delivery: Readonly<Record<string, Delivery>>;
  /** The last answer is being written. */
  streaming: boolean;
  /** An answer is being written, or waited for. */
  open: boolean;
  /** What the model is told in place of the beginning. */
  summary?: Summary | null;
  /** Why messages were not sent. */
  undelivered?: Readonly<Record<string, Undelivered>>;
  onRetry: () => void;
  /** Takes a message that was not sent off the page; `rewrite`: back into the box. */
  onDiscard?: (message: LongrunUIMessage, rewrite: boolean) => void;
  /** Asks for more of an answer that a limit has ended. */
  onGoOn?: () => void;
};

const NONE: Readonly<Record<string, Undelivered>> = {};

export function MessageList({
  messages,
  partialIds,
  delivery,
  undelivered = NONE,
  streaming,
  open,
  summary,
  onRetry,
  onDiscard,
  onGoOn,
}: Props) {
  // What waits for its turn stands below the answer that is being written.
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  const begun = messages[last];
  const isWritten = streaming || (open && begun && isBlank(begun) && !partialIds.includes(begun.id));
  const running = isWritten ? last : -1;
  const ticks = ticksOf(messages, delivery, { running, open });
  return messages.map((message, index) => {
    const shown =
      message.role === "user" ? (
        <UserMessage
          message={message}
          delivery={delivery[message.id]}
          problem={undelivered[message.id]}
          tick={ticks[message.id]}
          onRetry={onRetry}
          onDiscard={onDiscard}
        />
      ) : message.role === "assistant" ? (
        <AssistantMessage
          message={message}
          streaming={index === running}
          partial={partialIds.includes(message.id)}
          last={index === messages.length - 1}
          onGoOn={!open && index === messages.length - 1 ? onGoOn : undefined}
        />
      ) : null;
    return (
      <Fragment key={message.id}>
        {shown}
        {summary?.throughId === message.id && <SummaryMark summary={summary} />}
      </Fragment>
    );
  });
}

/** An answer that has begun and has not said anything yet. */
const isBlank = (answer: LongrunUIMessage): boolean => holdsNothing(answer) && messageError(answer) === null;

type UserProps = {
  message: LongrunUIMessage;
  delivery: Delivery | undefined;
  problem: Undelivered | undefined;
  tick: Tick | undefined;
  onRetry: () => void;
  onDiscard: Props["onDiscard"];
};

const UserMessage = memo(function UserMessage({
  message,
  delivery,
  problem,
  tick,
  onRetry,
  onDiscard,
}: UserProps) {
  const branches = useBranch();
  const editing = branches?.editing === message.id;
  const waits = useQueued()?.states[message.id] !== undefined;
  return (
    <article
      id={`m-${message.id}`}
      className="message user"
      data-delivery={delivery}
      data-editing={editing ? "" : undefined}
    >
      <h2 className="unseen">You</h2>
      <Body message={message} streaming={false} />
      {editing && !waits && <EditMessage message={message} branches={branches} />}
      <QueuedActs message={message} />
      {!editing && !delivery && !waits && (
        <div className="message-acts">
          <MessageActs message={message} />
          {tick && <MessageTick tick={tick} />}
        </div>
      )}
      {delivery === "sending" && (
        <p className="note delivery">{tick && <MessageTick tick={tick} />} Sending</p>
      )}
      {waits && tick && (
        <p className="note delivery">
          <MessageTick tick={tick} />
        </p>
      )}
      {delivery === "failed" && (
        <UnsentActs message={message} problem={problem} onRetry={onRetry} onDiscard={onDiscard} />
      )}
    </article>
  );
});

type AssistantProps = {
  message: LongrunUIMessage;
  streaming: boolean;
  partial: boolean;
  /** Why it failed is told at the end of the page. */
  last: boolean;
  /** Of the last answer, while nothing is being answered. */
  onGoOn: Props["onGoOn"];
};

/** While an answer streams only its own message is rendered again. */
const AssistantMessage = memo(function AssistantMessage({
  message,
  streaming,
  partial,
  last,
  onGoOn,
}: AssistantProps) {
  const failure = streaming || last ? null : messageError(message);
  return (
    <article id={`m-${message.id}`} className="message assistant">
      <h2 className="unseen">Longrun</h2>
      <Body message={message} streaming={streaming} />
      {failure !== null && <p className="note">{failure}</p>}
      <Unread names={message.metadata?.unread ?? []} />
      {!streaming && !partial && <EndedEarly message={message} onGoOn={onGoOn} />}
      {!streaming && (
        <Foot>
          <MessageInfo message={message} partial={partial} />
          <div className="message-acts">
            <MessageActs message={message} />
            {partial && !holdsNothing(message) && <span className="note">This answer was cut short.</span>}
          </div>
        </Foot>
      )}
    </article>
  );
});

/** A clear word where the model was not given what was attached. */
function Unread({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  const list = names.map((name) => `“${name}”`).join(", ");
  return <p className="note unread">This model does not take {list}, and was told only the name.</p>;
}

const Foot = ({ children }: { children: ReactNode }) => <footer className="message-foot">{children}</footer>;

function Body({ message, streaming }: { message: LongrunUIMessage; streaming: boolean }) {
  const thoughts = message.parts.filter(({ type }) => type === "reasoning");
  return (
    <div className="message-body" data-message-id={message.id} data-role={message.role}>
      <FileParts message={message} />
      {message.parts.map((part, index) => (
        // Parts are only ever added at the end.
        // eslint-disable-next-line react/no-array-index-key
        <MessagePart
          key={index}
          part={part}
          role={message.role}
          streaming={streaming}
          thoughtMs={message.metadata?.reasoningMs?.[thoughts.indexOf(part)]}
        />
      ))}
    </div>
  );
}

import { X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { BeginAtEnd } from "#app/chat/begin-at-end.tsx";
import { ChatHeader } from "#app/chat/chat-header.tsx";
import { ChatSettings } from "#app/chat/chat-settings.tsx";
import { Composer } from "#app/chat/composer.tsx";
import { LimitNote } from "#app/chat/limit-note.tsx";
import { Conversation } from "#app/chat/conversation.tsx";
import { DecisionProvider } from "#app/chat/decision-context.tsx";
import { DecisionsLeft } from "#app/chat/decisions-left.tsx";
import { DocumentDesk } from "#app/chat/documents/document-desk.tsx";
import { GO_ON } from "#app/chat/ended-early.tsx";
import { Elsewhere } from "#app/chat/elsewhere.tsx";
import { EarlierLink } from "#app/chat/earlier-link.tsx";
import { HeardAnswer } from "#app/chat/heard-answer.tsx";
import { LiveRun } from "#app/chat/live-run.tsx";
import { MessageList } from "#app/chat/message-list.tsx";
import { runState, type RunStatus } from "#app/chat/run-state.ts";
import { RunStateLine } from "#app/chat/run-state-line.tsx";
import { useShortcut } from "#app/chat/shortcuts.ts";
import { TakenBack } from "#app/chat/taken-back.tsx";
import { TurnNotices } from "#app/chat/turn-notices.tsx";
import { useChatDraft } from "#app/chat/use-draft.ts";
import { BranchProvider, useBranches, useCatchUp } from "#app/chat/use-branches.ts";
import { useDecisionNews, useDecisions } from "#app/chat/use-decisions.ts";
import { useEarlier } from "#app/chat/use-earlier.ts";
import { useDurableChat, type TurnEnd } from "#app/chat/use-durable-chat.ts";
import { QueueProvider, useQueue } from "#app/chat/use-queue.ts";
import { useKeptFocus } from "#app/chat/use-kept-focus.ts";
import { useProblem } from "#app/chat/use-problem.ts";
import { useReread } from "#app/chat/use-reread.ts";
import { useSeen } from "#app/chat/use-seen.ts";
import { useSummary } from "#app/chat/use-summary.ts";
import { useTitleArrival } from "#app/chat/use-title-arrival.ts";
import { useUnsent } from "#app/chat/use-unsent.ts";
import { useVotes, VoteProvider } from "#app/chat/use-votes.ts";
import { WithoutScripts } from "#app/chat/without-scripts.tsx";
import type { AttachedFile, AttachmentOffer } from "#app/shared/attachment.ts";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { ShownSettings } from "#app/shared/chat-settings.ts";
import type { DocumentPage } from "#app/shared/documents.ts";
import { abilitiesOfChoice } from "#app/shared/model-option.ts";
import type { Summary } from "#app/shared/summary.ts";
import { placeSteered, type QueueState } from "#app/shared/queue.ts";
import type { ChatStatus, ResumeHandle } from "#app/shared/resume-handle.ts";
import type { ToolAnswers } from "#app/shared/tool-answers.ts";
import type { Votes } from "#app/shared/vote.ts";
import { IconButton } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { useCopy } from "#app/ui/use-copy.ts";
import { useEscape } from "#app/ui/use-escape.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

export type ChatViewProps = {
  chatId: string;
  title: string | null;
  /** For the form without scripts. */
  messageId: string;
  messages: LongrunUIMessage[];
  /** Older ones come before the first. */
  earlier: boolean;
  /** The page was opened at a place of its own instead of at the end. */
  landed: boolean;
  /** The message that the address names, if the chat has it. */
  landing: string | null;
  partialIds: string[];
  siblings: Record<string, readonly string[]>;
  /** What followed the last message was taken back. */
  hasMore: boolean;
  /** Some of the messages were not stored when they were read. */
  unsaved: boolean;
  /** What the model is told in place of the beginning; null: it is told all. */
  summary: Summary | null;
  handle: ResumeHandle;
  /** What was decided about messages that wait, by their ids. */
  queue: Record<string, QueueState>;
  status: ChatStatus;
  reachable: boolean;
  /** Why the last message has no answer, where only the stream knows. */
  failure: string | null;
  settings: ShownSettings;
  /** What is decided about calls of the last message that wait, by their ids. */
  decisions: ToolAnswers;
  /** What its owner thinks of its answers. */
  votes: Votes;
  /** What is open beside the chat. */
  document: DocumentPage | null;
  triggerUrl: string;
  attachments: AttachmentOffer;
  /** A form without scripts that came back. */
  returned?:
    | { error?: string | undefined; text?: string | undefined; files?: readonly AttachedFile[] | undefined }
    | undefined;
};

/** One chat: its history, the answer that runs, and the composer. */
export function ChatView(props: ChatViewProps) {
  const { chatId, handle, triggerUrl } = props;
  const hydrated = useHydrated();
  const cut = useCutAnswers(useTitleArrival(chatId), useSeen(chatId));
  const { voting, error: voteError } = useVotes(chatId, props.votes);
  const tellDecision = useDecisionNews(chatId);
  const chat = useDurableChat<LongrunUIMessage>({
    chatId,
    initialMessages: props.messages,
    earlier: props.earlier,
    handle,
    triggerUrl,
    initialStatus: props.status,
    onForeignTurn: useReread(),
    onTurnEnd: cut.onTurnEnd,
    onDecision: tellDecision,
  });
  const { delivery, stopping, connection } = chat;
  const placed = useMemo(() => placeSteered(chat.messages), [chat.messages]);
  const decided = useDecisions(placed, props.decisions, chat.kept);
  const { messages } = decided;
  const { queue, error: queueError } = useQueue(chatId, chat, props.queue);
  const { earlier, about } = useEarlier({ chatId, messages, showEarlier: chat.showEarlier }, props);
  useSummary(messages, props.summary);
  const first = messages[0]?.id;
  const [sent, setSent] = useState(0);
  const { landing } = props;
  const isHere = landing !== null && messages.some(({ id }) => id === landing);
  const above = (away: boolean) =>
    chat.earlier && first && <EarlierLink chatId={chatId} first={first} earlier={earlier} away={away} />;
  const status = hydrated ? liveStatus(chat.status, messages) : props.status;
  const open = status === "submitted" || status === "streaming";
  const [run, setRun] = useState<RunStatus>(null);
  const told = runState({ status, connection, stopping, empty: messages.length === 0, run });
  useEscape("page", () => {
    if (open) chat.stop();
    return open;
  });
  const { branches, error: branchError } = useBranches({
    chatId,
    messages,
    siblings: about.siblings,
    open,
    // What waits, or is on its way, is no question that is being answered.
    waiting: chat.waiting,
    delivery,
    stop: chat.stop,
    stopFailed: chat.stopFailed,
  });
  const lastAnswer = useCopy(() => messageText(messages.findLast(isAnswer) ?? { parts: [] }));
  useShortcut("copy-answer", lastAnswer.copy);
  useKeptFocus();
  const caughtUp = useCatchUp(props, messages, open);
  const refused = useProblem([queueError, branchError, voteError, props.returned], `${sent} ${open}`);
  const { send } = chat;
  const goOn = useCallback(() => {
    send(GO_ON);
    setSent((before) => before + 1);
  }, [send]);
  const unsent = useUnsent(chatId, chat.discard);
  const draft = useChatDraft(chatId, props.messages, delivery);
  return (
    <DocumentDesk
      chatId={chatId}
      formId={props.messageId}
      messages={messages}
      running={status === "streaming"}
      loaded={props.document}
    >
      <main className="chat" data-chat-status={status} data-hydrated={hydrated ? "" : undefined}>
        <ChatHeader>
          <ChatSettings chatId={chatId} title={props.title} settings={props.settings} />
          <RunStateLine told={told} />
          {open && <WithoutScripts chatId={chatId} />}
          {open && <LiveRun chatId={chatId} handle={handle} triggerUrl={triggerUrl} onStatus={setRun} />}
        </ChatHeader>
        <Conversation
          first={first}
          landed={props.landed}
          landing={isHere ? landing : null}
          sent={sent}
          above={above}
        >
          <BranchProvider value={branches}>
            <DecisionProvider chatId={chatId} messages={messages} idle={!open} decide={chat.decide}>
              <QueueProvider value={queue}>
                <VoteProvider value={voting}>
                  <MessageList
                    messages={messages}
                    partialIds={[...about.partialIds, ...cut.ids]}
                    delivery={delivery}
                    undelivered={chat.undelivered}
                    streaming={status === "streaming"}
                    open={open}
                    summary={props.summary}
                    onRetry={chat.retry}
                    onDiscard={unsent.onDiscard}
                    onGoOn={goOn}
                  />
                </VoteProvider>
              </QueueProvider>
            </DecisionProvider>
            {!open && <DecisionsLeft chatId={chatId} decided={decided} onSent={tellDecision} />}
            {props.hasMore && caughtUp && !open && <TakenBack branches={branches} />}
            {landing !== null && !isHere && <Elsewhere messageId={landing} />}
          </BranchProvider>
          <TurnNotices
            chat={chat}
            status={status}
            told={told}
            reachable={props.reachable}
            failure={props.failure}
            hydrated={hydrated}
          />
        </Conversation>
        <div className="composer-area">
          <HeardAnswer ended={cut.ended} messages={messages} />
          <output className="toast">{lastAnswer.copied && "The last answer is copied"}</output>
          {refused.problem && (
            <div className="closable">
              <ErrorLine>{refused.problem}</ErrorLine>
              {hydrated && (
                <IconButton label="Close" onClick={refused.close}>
                  <X size={16} aria-hidden />
                </IconButton>
              )}
            </div>
          )}
          <LimitNote />
          <Composer
            action={`/chats/${chatId}`}
            hidden={{ messageId: props.messageId }}
            open={open}
            closed={chat.closed !== null}
            initialText={props.returned?.text}
            initialFiles={props.returned?.files}
            offer={props.attachments}
            abilities={abilitiesOfChoice(props.settings.choice)}
            draft={draft}
            handle={unsent.box}
            onSend={(text, files) => {
              chat.send(text, files);
              setSent((before) => before + 1);
              return true;
            }}
            onSteer={(text, files) => {
              const id = crypto.randomUUID();
              chat.send(text, files, id);
              setSent((before) => before + 1);
              void queue.ask({ intent: "steer", target: id });
              return true;
            }}
            onStop={chat.stop}
            onEditLast={() =>
              branches.lastAsked && branches.mayEdit(branches.lastAsked) && branches.edit(branches.lastAsked)
            }
          />
        </div>
        {!props.landed && <BeginAtEnd />}
      </main>
    </DocumentDesk>
  );
}

const isAnswer = ({ role }: LongrunUIMessage): boolean => role === "assistant";

/** Ready means that nothing is left without an answer. */
function liveStatus(status: ChatStatus, messages: LongrunUIMessage[]): ChatStatus {
  return status === "ready" && messages.at(-1)?.role === "user" ? "error" : status;
}

/**
 * Answers that this page saw being stopped or failing; from the next load on the database tells of them. `ended`: the
 * last turn that this page saw the end of.
 */
function useCutAnswers(then: () => void, seen: (end: TurnEnd) => void) {
  const [ids, setIds] = useState<string[]>([]);
  const [ended, setEnded] = useState<TurnEnd | null>(null);
  const onTurnEnd = useCallback(
    (end: TurnEnd) => {
      const { cutIds } = end;
      setEnded(end);
      seen(end);
      if (cutIds.length > 0) setIds((before) => [...before, ...cutIds]);
      then();
    },
    [then, seen],
  );
  return { ids, ended, onTurnEnd };
}

import { Check, ChevronLeft, ChevronRight, Copy, GitFork, Pencil, RotateCcw, Undo2 } from "lucide-react";
import type { FormEvent, ReactNode } from "react";
import { type Branches, type BranchRequest, useBranch } from "#app/chat/use-branches.ts";
import { VoteButtons } from "#app/chat/vote-buttons.tsx";
import { messageText, type LongrunUIMessage } from "#app/shared/chat-message.ts";
import { IconButton } from "#app/ui/button.tsx";
import { useCopy } from "#app/ui/use-copy.ts";
import { useHydrated } from "#app/ui/use-hydrated.ts";

const SIZE = 15;

/** What can be done with a message. Plain forms first; an edit needs scripts. */
export function MessageActs({ message }: { message: LongrunUIMessage }) {
  const branches = useBranch();
  const hydrated = useHydrated();
  const mine = message.role === "user";
  if (!branches) return <CopyText message={message} />;
  const { lastAsked, edit, mayEdit } = branches;
  return (
    <>
      <Versions branches={branches} messageId={message.id} />
      <span className="quiet-acts">
        <CopyText message={message} />
        {!mine && <VoteButtons messageId={message.id} />}
        {mine && hydrated && (
          <IconButton label="Edit message" disabled={!mayEdit(message.id)} onClick={() => edit(message.id)}>
            <Pencil size={SIZE} aria-hidden />
          </IconButton>
        )}
        {!mine && (
          <ActForm branches={branches} request={{ intent: "again", target: message.id }} label="Answer again">
            <RotateCcw size={SIZE} aria-hidden />
          </ActForm>
        )}
        <ForkForm branches={branches} messageId={message.id} />
        {mine && message.id === lastAsked && (
          <ActForm branches={branches} request={{ intent: "undo" }} label="Take back">
            <Undo2 size={SIZE} aria-hidden />
          </ActForm>
        )}
      </span>
    </>
  );
}

type ActProps = { branches: Branches; request: BranchRequest; label: string; children: ReactNode };

function ActForm({ branches, request, label, children }: ActProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    branches.ask(request);
  };
  return (
    <form method="post" action={`/chats/${branches.chatId}`} onSubmit={submit}>
      {Object.entries(request).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <IconButton type="submit" label={label} disabled={branches.locked}>
        {children}
      </IconButton>
    </form>
  );
}

/** A fork changes nothing here, so it may be made at any time. */
function ForkForm({ branches, messageId }: { branches: Branches; messageId: string }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    branches.ask({ intent: "fork", target: messageId, forkId: crypto.randomUUID() });
  };
  return (
    <form method="post" action={`/chats/${branches.chatId}`} onSubmit={submit}>
      <input type="hidden" name="intent" value="fork" />
      <input type="hidden" name="target" value={messageId} />
      <IconButton type="submit" label="Fork into a new chat">
        <GitFork size={SIZE} aria-hidden />
      </IconButton>
    </form>
  );
}

/** Arrows through what stands in one place of the conversation. */
function Versions({ branches, messageId }: { branches: Branches; messageId: string }) {
  const all = branches.siblings[messageId] ?? [];
  const at = all.indexOf(messageId);
  if (all.length < 2 || at === -1) return null;
  return (
    <span className="versions">
      <Step branches={branches} target={all[at - 1]} label="Previous version">
        <ChevronLeft size={SIZE} aria-hidden />
      </Step>
      <span className="note">
        {at + 1} / {all.length}
      </span>
      <Step branches={branches} target={all[at + 1]} label="Next version">
        <ChevronRight size={SIZE} aria-hidden />
      </Step>
    </span>
  );
}

type StepProps = { branches: Branches; target: string | undefined; label: string; children: ReactNode };

function Step({ branches, target, label, children }: StepProps) {
  if (target === undefined) {
    return (
      <IconButton label={label} disabled>
        {children}
      </IconButton>
    );
  }
  return (
    <ActForm branches={branches} request={{ intent: "show", target }} label={label}>
      {children}
    </ActForm>
  );
}

function CopyText({ message }: { message: LongrunUIMessage }) {
  const { copied, copy } = useCopy(() => messageText(message));
  if (messageText(message) === "") return null;
  const label = message.role === "user" ? "Copy message" : "Copy answer";
  return (
    <IconButton label={copied ? "Copied" : label} onClick={copy}>
      {copied ? <Check size={SIZE} aria-hidden /> : <Copy size={SIZE} aria-hidden />}
    </IconButton>
  );
}

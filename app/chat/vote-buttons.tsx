import { ThumbsDown, ThumbsUp } from "lucide-react";
import type { FormEvent, ReactNode } from "react";
import { useVoting } from "#app/chat/use-votes.ts";
import type { Vote } from "#app/shared/vote.ts";
import { IconButton } from "#app/ui/button.tsx";

const SIZE = 15;

/** Whether an answer was good or bad; the same again takes it back. */
export function VoteButtons({ messageId }: { messageId: string }) {
  return (
    <span className="votes">
      <VoteForm messageId={messageId} vote="up" label="Good answer">
        <ThumbsUp size={SIZE} aria-hidden />
      </VoteForm>
      <VoteForm messageId={messageId} vote="down" label="Bad answer">
        <ThumbsDown size={SIZE} aria-hidden />
      </VoteForm>
    </span>
  );
}

type Props = { messageId: string; vote: Vote; label: string; children: ReactNode };

function VoteForm({ messageId, vote, label, children }: Props) {
  const voting = useVoting();
  if (!voting) return null;
  const given = voting.votes[messageId] === vote;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    voting.vote(messageId, given ? null : vote);
  };
  return (
    <form method="post" action={`/chats/${voting.chatId}`} onSubmit={submit}>
      <input type="hidden" name="intent" value="vote" />
      <input type="hidden" name="target" value={messageId} />
      <input type="hidden" name="vote" value={given ? "none" : vote} />
      <IconButton type="submit" label={label} aria-pressed={given} className="vote">
        {children}
      </IconButton>
    </form>
  );
}

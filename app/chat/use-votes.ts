import { createContext, useCallback, useContext, useMemo, useState } from "react";
import { postForm } from "#app/chat/post-form.ts";
import { useOtherTabs } from "#app/chat/use-other-tabs.ts";
import { useReread } from "#app/chat/use-reread.ts";
import type { Vote, Votes } from "#app/shared/vote.ts";

type Voting = {
  chatId: string;
  votes: Votes;
  /** Null takes a vote back. */
  vote: (messageId: string, vote: Vote | null) => void;
};

const context = createContext<Voting | null>(null);

export const VoteProvider = context.Provider;

/** Null outside of an open chat. */
export const useVoting = (): Voting | null => useContext(context);

/** Votes that were given since `after` was read. */
type Given = { after: Votes; votes: Readonly<Record<string, Vote | null>> };
const NONE: Given["votes"] = {};

/** The votes of an open chat: at once as they are given, otherwise as the server has them. */
export function useVotes(chatId: string, stored: Votes): { voting: Voting; error: string | null } {
  const reread = useReread();
  // Other devices: the list of chats asks whether anything has changed.
  const tellTabs = useOtherTabs("votes", chatId);
  const [given, setGiven] = useState<Given>({ after: stored, votes: {} });
  const [error, setError] = useState<string | null>(null);
  // What was read after a vote has it, or what another tab made of it.
  const mine = given.after === stored ? given.votes : NONE;
  const vote = useCallback(
    (messageId: string, wanted: Vote | null) => {
      setGiven((before) => {
        const votes = before.after === stored ? before.votes : NONE;
        return { after: stored, votes: { ...votes, [messageId]: wanted } };
      });
      setError(null);
      void post(chatId, messageId, wanted).then((problem) => {
        setError(problem);
        if (problem === null) tellTabs();
        if (problem !== null) setGiven({ after: stored, votes: NONE });
        reread();
      });
    },
    [chatId, stored, reread, tellTabs],
  );
  const voting = useMemo(() => {
    const votes: Record<string, Vote> = { ...stored };
    for (const [id, wanted] of Object.entries(mine)) {
      if (wanted) votes[id] = wanted;
      else delete votes[id];
    }
    return { chatId, votes, vote };
  }, [chatId, stored, mine, vote]);
  return { voting, error };
}

const NOT_KEPT = "Your vote was not kept. Try again in a moment.";

/** Null when it is done, otherwise why not, in a sentence. */
async function post(chatId: string, target: string, vote: Vote | null): Promise<string | null> {
  const refused = await postForm(`/chats/${chatId}/vote`, { target, vote: vote ?? "none" }, NOT_KEPT);
  return refused?.problem ?? null;
}

import type { ChatOfRun } from "#app/models/chat.server.ts";
import { locals } from "@trigger.dev/sdk";
import type { LongrunUIMessage } from "#app/shared/chat-message.ts";
import type { InputRecord } from "#app/shared/in-record.ts";
import type { OpenCall } from "#trigger/open-calls.ts";
import type { StreamTail } from "#trigger/stream-tail.ts";

/** What one run remembers of its chat. A process may be used for several runs, one after the other. */
export type RunState = {
  /** From the run's own payload, which the server made. A message's envelope is the browser's, and may lie. */
  chatId: string | null;
  /** Owner, model, settings and title, read anew at each turn. */
  chat: ChatOfRun | null;
  /** Ids of the messages that the database is known to have. */
  stored: Set<string>;
  /** Messages of the history that are as the database has them. */
  unchanged: WeakSet<object>;
  /**
   * Where the branch of this run's history ends in the database; null: it is empty. Another id there says that the
   * person has gone to another branch since. Undefined: it was never read.
   */
  head: string | null | undefined;
  /** How `.out` ended when this run began; null where that was not read. */
  tail: StreamTail | null;
  /** The last record of `.in` that was answered when this run began; undefined: none. */
  answeredThrough: string | undefined;
  /** The run goes on with a chat that another run had. */
  continues: boolean;
  /** See `unreadInput`. */
  unread: Promise<InputRecord[] | null> | null;
  /** Of that, what was stopped while no run heard it; see `takeLostStop`. */
  lostStops: string[] | null;
  /** Why the message of this turn is not answered, where its turn must end well all the same; see `isOwed`. */
  refusal: string | null;
  /** The turn that runs was stopped before it began: the model is not asked. */
  stopped: boolean;
  /** The history could not be read: nothing may be answered without it. */
  loadFailed: boolean;
  /** The end of the turn could not be written to `.out`: the turn counts as not had, and the next run has it. */
  abandoned: boolean;
  /** The history from before a message that was refused in this turn. */
  beforeRefusal: LongrunUIMessage[] | null;
  /** What this turn would have answered was withdrawn while it waited, or has its whole answer: nothing is to be done. */
  withdrawn: boolean;
  /** Messages that came while the turn runs, by id: each joins it, with other words where given, or waits. */
  held: Map<string, (text: string | null) => void>;
  /** The message whose answer a lost run had begun: what this run gives to it is a recovered answer. */
  recoveredId: string | null;
  /** The partial answer of a lost run that stays. */
  keptId: string | null;
  /** The first turn's history was searched for answers that no turn has ended. */
  soughtOrphans: boolean;
  /** The turn that runs answers that message. */
  recovering: boolean;
  /** The message that the turn answers. */
  askedId: string | null;
  /** The answer that goes on in this turn, the person having decided what it waited for. */
  goesOn: LongrunUIMessage | null;
  /** Ends what is made beside the wait for the next message: a title, a summary, a second look. */
  aside: AbortController | null;
};

const key = locals.create<RunState>("longrun.run");

/** The state of the run that this code runs in; outside of any run a new one each time. */
export function runState(): RunState {
  const known = locals.get(key);
  if (known) return known;
  const fresh: RunState = {
    chatId: null,
    chat: null,
    stored: new Set(),
    unchanged: new WeakSet(),
    head: undefined,
    tail: null,
    answeredThrough: undefined,
    continues: false,
    unread: null,
    lostStops: null,
    refusal: null,
    stopped: false,
    loadFailed: false,
    abandoned: false,
    beforeRefusal: null,
    withdrawn: false,
    held: new Map(),
    recoveredId: null,
    keptId: null,
    soughtOrphans: false,
    recovering: false,
    askedId: null,
    goesOn: null,
    aside: null,
  };
  locals.set(key, fresh);
  return fresh;
}

/** The chat of this run, as the server made it. Hooks are also given the id in a message's envelope: never use that. */
export function ownChatId(state: RunState): string {
  if (!state.chatId) throw new Error("the run has not booted");
  return state.chatId;
}

/** The tool calls that a lost run had begun, once: for the first turn of this run, which goes on with that one's. */
export function takeOpenCalls(): OpenCall[] {
  const { tail } = runState();
  return tail?.calls.splice(0) ?? [];
}

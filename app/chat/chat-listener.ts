export type TurnEnd = {
  /** The turn's cursor on `.out`, a decimal string; null when the turn failed or was given up without a boundary. */
  lastEventId: string | null;
  /** The answer's id; null when the turn had none. */
  messageId: string | null;
  /** The turn was not started by this tab: another tab or device, or the engine after a crash. */
  foreign: boolean;
  failed: boolean;
  /** Answers of this turn that were cut short: stopped, failed, or left behind by a run that died. */
  cutIds: string[];
};

export type ChatListener = {
  /** A turn began that this page cannot account for: the history should be read anew. */
  onForeignTurn?: (() => void) | undefined;
  /** The server was asked to keep a decision: the history should be read anew, here and in other tabs. */
  onDecision?: (() => void) | undefined;
  onTurnEnd?: ((end: TurnEnd) => void) | undefined;
};

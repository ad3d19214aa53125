import type { TriggerConfig } from "../wire/session-bodies.ts";

/** A conversation: what outlives its runs. `purgedAt`: it was deleted, only this tombstone is left. */
export type Session = {
  id: string;
  externalId: string | null;
  type: string;
  taskIdentifier: string;
  triggerConfig: TriggerConfig;
  tags: string[];
  metadata: Record<string, unknown> | null;
  currentRunId: string | null;
  closedAt: Date | null;
  closedReason: string | null;
  expiresAt: Date | null;
  purgedAt: Date | null;
  stalledRuns: number;
  stalledSinceSeq: number | null;
  createdAt: Date;
  updatedAt: Date;
};

/** What of a session never changes. */
export type SessionIdentity = Pick<Session, "id" | "externalId">;

export type SessionItem = Omit<Session, "purgedAt" | "stalledRuns" | "stalledSinceSeq">;

/** The ids of a session as log lines name them. */
export function idsOf({ id, externalId }: SessionIdentity): { sessionId: string; chatId: string | null } {
  return { sessionId: id, chatId: externalId };
}

/** The form in which the API shows a session: nulls, not missing fields. */
export function sessionItem(session: Session): SessionItem {
  return {
    id: session.id,
    externalId: session.externalId,
    type: session.type,
    taskIdentifier: session.taskIdentifier,
    triggerConfig: session.triggerConfig,
    currentRunId: session.currentRunId,
    tags: session.tags,
    metadata: session.metadata,
    closedAt: session.closedAt,
    closedReason: session.closedReason,
    expiresAt: session.expiresAt,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
  };
}

function isExpired(session: Session): boolean {
  return session.expiresAt !== null && session.expiresAt.getTime() <= Date.now();
}

/** Why a session takes no more input. Routes turn it into their status. */
export class SessionUnavailable extends Error {
  constructor(
    readonly state: "closed" | "expired",
    readonly closedReason: string | null,
  ) {
    super(`The session is ${state}.`);
    this.name = "SessionUnavailable";
  }
}

/** Throws SessionUnavailable when the session is closed or has expired. */
export function assertOpen(session: Session): void {
  if (session.closedAt) throw new SessionUnavailable("closed", session.closedReason);
  if (isExpired(session)) throw new SessionUnavailable("expired", null);
}

import type { Obstacle } from "../runs/admission.ts";
import { publicName } from "../runs/queue-names.ts";
import type { RunRow } from "../runs/run-rows.ts";
import { isFinalStatus } from "../runs/run-status.ts";
import type { Waitpoint } from "../runs/waitpoint.ts";
import { count } from "./words.ts";

/** What the reason of a run's or a session's state is read from. */
export type EngineFacts = {
  /** absent: none is there; busy: one is there and asks for no runs; asking: one takes runs at once. */
  worker: "absent" | "busy" | "asking";
  slotsUsed: number;
  slots: number;
};

export type RunFacts = {
  run: RunRow;
  /** Runs before this one in the queue; null when it is not in it. */
  ahead: number | null;
  blockers: Pick<Waitpoint, "type" | "status" | "stream" | "childRunId" | "completedAfter">[];
  /** When the next attempt is due. */
  retryAt: Date | null;
  /** What of its queue and limits keeps it in line; null: nothing. */
  obstacle: Obstacle | null;
  /** What it waited for has come, and it stands in line to go on. */
  inLine: boolean;
  /** Whether the newest version of the tasks has its task. */
  isKnown: boolean;
};

export type ChatFacts = {
  /** Messages on `.in` that no finished turn has answered, and since when the oldest waits. */
  unread: number;
  unreadSince: Date | null;
  turnIsOpen: boolean;
  /** The newest record on `.out`, and the newest one of a finished turn. */
  outAt: Date | null;
  turnEndedAt: Date | null;
};

/** `tone`: how much it is worth a look. `since`: how long it has been so. */
export type Reason = { text: string; tone: "calm" | "busy" | "waits" | "bad"; since: Date | null };

const noWorker = "no worker is connected";

/** Why a run is where it is, in a sentence. */
export function whyRun(facts: RunFacts, engine: EngineFacts): Reason {
  const { run } = facts;
  const since = run.updatedAt;
  if (isFinalStatus(run.status))
    return { text: endOf(run), tone: isBad(run) ? "bad" : "calm", since: run.completedAt };
  switch (run.executionStatus) {
    case "RUN_CREATED":
      return { text: "Delayed: it is queued when its time has come.", tone: "calm", since: run.createdAt };
    case "QUEUED":
      return queued(facts, engine);
    case "PENDING_EXECUTING":
      return engine.worker === "absent"
        ? { text: `Handed to a worker that is gone: ${noWorker}.`, tone: "bad", since }
        : { text: "Handed to a worker, which has not begun it yet.", tone: "busy", since };
    case "PENDING_CANCEL":
      return { text: "Being cancelled: its worker is given ten seconds.", tone: "busy", since };
    case "EXECUTING_WITH_WAITPOINTS":
      return { text: waiting(facts), tone: "waits", since };
    default:
      return engine.worker === "absent"
        ? { text: `Was executing: ${noWorker}.`, tone: "bad", since }
        : { text: `Executes attempt ${run.attempt}.`, tone: "busy", since: run.attemptStartedAt };
  }
}

/** Why a chat is where it is: what its messages wait for, or that there is nothing to do. */
export function whyChat(chat: ChatFacts, current: RunFacts | null, engine: EngineFacts): Reason {
  const { unread, unreadSince } = chat;
  const messages = `${count(unread, "message")} ${unread === 1 ? "waits" : "wait"}`;
  if (!current || isFinalStatus(current.run.status)) {
    if (unread > 0)
      return { text: `${messages}, and no run is there to answer.`, tone: "bad", since: unreadSince };
    return {
      text: "Idle: everything is answered. The next message starts a run.",
      tone: "calm",
      since: chat.outAt,
    };
  }
  const run = whyRun(current, engine);
  const begun = current.run.executionStatus === "EXECUTING" && engine.worker !== "absent";
  if (begun) return talking(chat, current.run);
  if (unread === 0) return run;
  return { ...run, text: `${messages}. ${run.text}`, since: unreadSince };
}

function talking(chat: ChatFacts, run: RunRow): Reason {
  const { unread, unreadSince, turnIsOpen, outAt, turnEndedAt } = chat;
  const writes = turnIsOpen && outAt !== null && (unreadSince === null || outAt >= unreadSince);
  if (writes) {
    const more = unread > 1 ? ` ${count(unread - 1, "more message")} behind it.` : "";
    return { text: `Answers.${more}`, tone: "busy", since: unreadSince ?? run.attemptStartedAt };
  }
  if (unread > 0)
    return {
      text: `A run has ${unread === 1 ? "the message" : `${unread} messages`} and has written nothing yet: it waits for the model.`,
      tone: "busy",
      since: unreadSince,
    };
  const since = turnEndedAt ?? run.attemptStartedAt;
  return { text: "Waits for a message, with its process still warm.", tone: "waits", since };
}

function queued(facts: RunFacts, engine: EngineFacts): Reason {
  const { run, ahead, retryAt } = facts;
  const since = run.queuedAt ?? run.createdAt;
  if (retryAt && run.status !== "PENDING")
    return {
      text: "Its attempt failed. The next one waits for its time.",
      tone: "waits",
      since: run.updatedAt,
    };
  if (engine.worker === "absent") return { text: `Queued: ${noWorker}.`, tone: "bad", since };
  const place = ahead === null ? "" : ` ${count(ahead, "run is", "runs are")} before it.`;
  const held = heldUp(facts, engine);
  if (held) return { text: `Queued: ${held.text}.${place}`, tone: held.tone, since };
  return {
    text: `Queued: a worker asks for runs and will take it.${place}`,
    tone: "busy",
    since,
  };
}

/** What must change before a worker that is there may have the run. */
function heldUp(
  { run, obstacle, isKnown }: RunFacts,
  engine: EngineFacts,
): Pick<Reason, "text" | "tone"> | null {
  if (!isKnown && run.lockedToVersion === null) {
    const text = `the newest version of the tasks has no task ${run.taskIdentifier}; deploy one that has it`;
    return { text, tone: "bad" };
  }
  if (obstacle) return { text: sentenceOf(obstacle, run.concurrencyKey), tone: "waits" };
  if (engine.slotsUsed >= engine.slots)
    return { text: `all ${engine.slots} places for executing runs are taken`, tone: "waits" };
  if (engine.worker === "busy") return { text: "all processes of the worker are busy", tone: "waits" };
  if (run.lockedToVersion !== null)
    return { text: `it is for the version ${run.lockedToVersion} of the tasks`, tone: "waits" };
  return null;
}

function sentenceOf(obstacle: Obstacle, key: string | null): string {
  const { type, name } = publicName(obstacle.name);
  const of = type === "limit" ? `the limit ${name}` : `the queue ${name}`;
  if (obstacle.kind === "paused") return `${of} is paused`;
  const whose = obstacle.kind === "total" ? "" : key === null ? " without a key" : ` with the key ${key}`;
  return `${of} lets ${count(obstacle.most, "run")}${whose} execute at once, and as many do`;
}

function waiting({ blockers, inLine }: RunFacts): string {
  if (inLine) return "What it waited for has come. It goes on when its queue or limit has room.";
  return `Waits ${awaited(blockers)}.`;
}

function awaited(blockers: RunFacts["blockers"]): string {
  const open = blockers.filter(({ status }) => status === "PENDING");
  const first = open[0];
  if (!first) return "to go on: what it waited for has come";
  if (open.length > 1 && first.childRunId !== null) return `for ${count(open.length, "other run")} to end`;
  if (first.type === "RUN") return "for another run to end";
  if (first.completedAfter)
    return `until ${first.completedAfter.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  if (first.stream !== null)
    return first.stream.startsWith("sessions/")
      ? "for the next message; it holds no process's time"
      : "for a record of a stream";
  return "for its token to be completed";
}

const ends: Partial<Record<RunRow["status"], string>> = {
  COMPLETED_SUCCESSFULLY: "Completed.",
  COMPLETED_WITH_ERRORS: "Failed with an error of the task.",
  CRASHED: "Crashed: its process ended.",
  SYSTEM_FAILURE: "Lost: its worker vanished.",
  TIMED_OUT: "Stopped: it took longer than it may.",
  EXPIRED: "Expired: it was not started in time.",
  CANCELED: "Cancelled.",
};

function endOf(run: RunRow): string {
  return ends[run.status] ?? "Ended.";
}

/** Whether a run ended in a way that someone should look at. */
export function isBad(run: Pick<RunRow, "status">): boolean {
  return ["COMPLETED_WITH_ERRORS", "CRASHED", "SYSTEM_FAILURE", "TIMED_OUT"].includes(run.status);
}

import type { Connection } from "#app/chat/use-durable-chat.ts";
import type { ChatStatus } from "#app/shared/resume-handle.ts";

/** The run's status as the Trigger API tells it; null when it is not known. */
export type RunStatus = string | null;

export type Told = { label: string; tone: "calm" | "busy" | "trouble" };

const QUEUED = new Set(["PENDING_VERSION", "DELAYED", "QUEUED", "DEQUEUED"]);
const BROKEN = new Set(["CRASHED", "FAILED", "SYSTEM_FAILURE", "TIMED_OUT", "EXPIRED"]);

/**
 * What the header says. A run that waits reads as executing, so the chat's own state leads and the run's
 * tells what an unanswered message waits for.
 */
export function runState(chat: {
  status: ChatStatus;
  connection: Connection;
  stopping: boolean;
  empty: boolean;
  run: RunStatus;
}): Told | null {
  const { status, connection, run } = chat;
  const open = status === "submitted" || status === "streaming";
  if (connection === "offline") return { label: "Offline", tone: "trouble" };
  if (connection === "unreachable") return { label: "No connection", tone: "trouble" };
  if (open && connection === "reconnecting") return { label: "Reconnecting", tone: "trouble" };
  if (status === "error") return { label: "Failed", tone: "trouble" };
  if (open && chat.stopping) return { label: "Stopping", tone: "busy" };
  if (status === "streaming") return { label: "Answering", tone: "busy" };
  if (status === "ready") return chat.empty ? null : { label: "Waiting for you", tone: "calm" };
  if (run !== null && QUEUED.has(run)) return { label: "Queued", tone: "busy" };
  if (run !== null && BROKEN.has(run)) return { label: "Recovering", tone: "busy" };
  return { label: "Thinking", tone: "busy" };
}

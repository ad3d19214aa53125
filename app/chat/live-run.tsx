import { useRealtimeRun } from "@trigger.dev/react-hooks";
import { useEffect, useState } from "react";
import { z } from "zod";
import type { RunStatus } from "#app/chat/run-state.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";

/** Most answers begin sooner; a page that needs no news holds no connection. */
const QUIET_MS = 500;
const SKIPPED = ["payload", "output", "metadata"] as const;

type Access = { token: string; runId: string };

const tokenReply = z.object({ publicAccessToken: z.string() });
const claims = z.object({ scopes: z.array(z.string()) });

/** The run that a token of this chat may read, as the token itself says. */
export function runOfToken(token: string): string | null {
  try {
    const body = atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    const scope = claims.parse(JSON.parse(body)).scopes.find((name) => name.startsWith("read:runs:"));
    return scope?.slice("read:runs:".length) ?? null;
  } catch {
    return null;
  }
}

async function freshAccess(chatId: string, signal: AbortSignal): Promise<Access | null> {
  const response = await fetch(`/chats/${chatId}/token`, { method: "POST", signal });
  if (!response.ok) return null;
  const token = tokenReply.parse(await response.json()).publicAccessToken;
  const runId = runOfToken(token);
  return runId ? { token, runId } : null;
}

/** True once `on` has been true for a while. */
function useLasting(on: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!on) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [on]);
  return on && lasting;
}

/** The state of the run that has the open turn; null when none is open, or nothing is known of it. */
export function useLiveRun(options: {
  chatId: string;
  handle: ResumeHandle;
  triggerUrl: string;
  open: boolean;
}): RunStatus {
  const { chatId, handle, triggerUrl } = options;
  const wanted = useLasting(options.open);
  const { publicAccessToken: token, runId } = handle;
  const [access, setAccess] = useState<Access | null>(token && runId ? { token, runId } : null);
  const { run, error } = useRealtimeRun(access?.runId, {
    ...(access ? { accessToken: access.token, id: access.runId } : {}),
    baseURL: triggerUrl,
    enabled: wanted && access !== null,
    skipColumns: [...SKIPPED],
  });
  // A turn may be handled by a later run than the one that the page knew.
  const stale = wanted && (access === null || error !== undefined || run?.finishedAt !== undefined);
  useEffect(() => {
    if (!stale) return;
    const controller = new AbortController();
    const renew = () =>
      freshAccess(chatId, controller.signal).then(
        (fresh) => fresh && setAccess((old) => (old?.runId === fresh.runId ? old : fresh)),
        () => undefined,
      );
    void renew();
    const timer = setInterval(() => void renew(), 3_000);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [stale, chatId]);
  return wanted ? (run?.status ?? null) : null;
}

import { useRealtimeRun } from "@trigger.dev/react-hooks";
import { useCallback, useEffect, useState } from "react";
import { runOfToken } from "#app/chat/run-of-token.ts";
import type { RunStatus } from "#app/chat/run-state.ts";
import { SessionToken } from "#app/chat/session-token.ts";
import type { ResumeHandle } from "#app/shared/resume-handle.ts";

/** Most answers begin sooner. A page that needs no news holds no connection: browsers allow only six. */
const QUIET_MS = 500;
const AGAIN_MS = 3_000;

type Access = { token: string; runId: string };

type Props = {
  chatId: string;
  handle: ResumeHandle;
  triggerUrl: string;
  onStatus: (status: RunStatus) => void;
};

/** Watches the run that has the open turn and tells its status. Mount it only while a turn is open. */
export function LiveRun({ chatId, handle, triggerUrl, onStatus }: Props) {
  const { publicAccessToken: token, runId } = handle;
  const [access, setAccess] = useState<Access | null>(token && runId ? { token, runId } : null);
  const [quiet, setQuiet] = useState(true);
  const [stale, setStale] = useState(access === null);
  const renewSoon = useCallback(() => setStale(true), []);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(false), QUIET_MS);
    return () => {
      clearTimeout(timer);
      onStatus(null);
    };
  }, [onStatus]);
  useEffect(() => {
    if (quiet || !stale) return;
    let over = false;
    const renew = async () => {
      const fresh = await new SessionToken(`/chats/${chatId}`, null, fetch).renew(null).catch(() => null);
      const current = fresh && runOfToken(fresh);
      if (over || !fresh || !current) return;
      setAccess({ token: fresh, runId: current });
      setStale(false);
    };
    void renew();
    const timer = setInterval(() => void renew(), AGAIN_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [quiet, stale, chatId]);
  if (quiet || stale || !access) return null;
  return (
    <Subscription
      key={access.token}
      access={access}
      triggerUrl={triggerUrl}
      onStatus={onStatus}
      onStale={renewSoon}
    />
  );
}

type SubscriptionProps = Pick<Props, "triggerUrl" | "onStatus"> & { access: Access; onStale: () => void };

function Subscription({ access, triggerUrl, onStatus, onStale }: SubscriptionProps) {
  const { run, error } = useRealtimeRun(access.runId, {
    accessToken: access.token,
    baseURL: triggerUrl,
    skipColumns: ["payload", "output", "metadata"],
  });
  const status = run?.status ?? null;
  const finished = run?.finishedAt !== undefined;
  useEffect(() => {
    onStatus(finished ? null : status);
  }, [status, finished, onStatus]);
  useEffect(() => {
    // A turn may be handled by a later run than the one that the page knew. Not at once: the next one may
    // not have been started yet.
    if (!finished && !error) return;
    const timer = setTimeout(onStale, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [finished, error, onStale]);
  return null;
}

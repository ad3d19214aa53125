import { isGone, whenGone } from "../http/gone.ts";
import type { RequestContext } from "../http/router.ts";
import { findSession } from "../sessions/session-store.ts";
import { sessionKey, sessionStreamsPrefix } from "../wire/stream-names.ts";
import type { InspectorDeps, PageRequest } from "./inspector.ts";
import { runLogSize } from "./run-log.ts";

const gapMs = 300;
/** How often is looked at what tells nobody that it has changed. */
const lookMs = 500;
const pingMs = 15_000;

type Interest = {
  run: (run: { id: string; sessionId: string | null }) => boolean;
  stream: (name: string) => boolean;
  /** A number that changes with what else the page shows. */
  look: () => Promise<number>;
};

/** Tells a page when what it shows has changed: of one run, session or stream, or of anything. Ends with the sign-in. */
export async function live({ c, deps, signIn }: PageRequest): Promise<void> {
  const interest = await interestOf(c, deps);
  const { res } = c;
  const { workers } = deps.runs.signals;
  const look = async () => `${workers.state} ${await interest.look()}`;
  let seen = await look();
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  res.write(": the page asks for itself again when it is told\n\n");
  const teller = new Teller(() => void res.write("event: changed\ndata:\n\n"));
  const lookAgain = async () => {
    const now = await look();
    if (now !== seen && !isGone(res)) teller.changed();
    seen = now;
  };
  const timers = [
    setInterval(() => void lookAgain(), lookMs),
    setInterval(() => res.write(": \n\n"), pingMs),
    setTimeout(() => res.end(), Math.max(0, signIn.expires * 1000 - Date.now())),
  ];
  const stops = [
    deps.runs.signals.onChange((run) => interest.run(run) && teller.changed()),
    deps.streams.watchAll((name) => interest.stream(name) && teller.changed()),
    () => teller.stop(),
  ];
  await new Promise<void>((resolve) => whenGone(res, resolve));
  for (const timer of timers) clearTimeout(timer);
  for (const stop of stops) stop();
}

const nothing = () => Promise.resolve(0);

async function interestOf(c: RequestContext, { runs, runLogsDir }: InspectorDeps): Promise<Interest> {
  const query = c.url.searchParams;
  const stream = query.get("stream");
  if (stream !== null) return { run: () => false, stream: (name) => name === stream, look: nothing };
  const runId = query.get("run");
  const run = runId === null ? null : await runs.find(runId);
  const key = query.get("session") ?? run?.sessionId ?? null;
  const session = key === null ? null : await findSession(runs.db, key);
  if (!session && !run) return { run: () => true, stream: () => true, look: nothing };
  const prefix = session ? sessionStreamsPrefix(sessionKey(session)) : null;
  return {
    run: (changed) => changed.id === run?.id || (session !== null && changed.sessionId === session.id),
    stream: (name) =>
      (prefix !== null && name.startsWith(prefix)) || (run !== null && name.startsWith(`runs/${run.id}/`)),
    // The worker host writes it, so that nothing here is told.
    look: () => (run === null ? nothing() : runLogSize(runLogsDir, run.id)),
  };
}

/** Many changes at once are told once; the first at once, and the last is never swallowed. */
class Teller {
  private timer: NodeJS.Timeout | undefined;
  private again = false;

  constructor(private readonly tell: () => void) {}

  changed(): void {
    if (this.timer) {
      this.again = true;
      return;
    }
    this.tell();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.again) return;
      this.again = false;
      this.changed();
    }, gapMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

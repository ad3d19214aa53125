import { locals } from "@trigger.dev/sdk";

type Turn = { chatId: string; runId: string };
const began = locals.create<{ at: number }>("longrun.turn");

/** One line of JSON once a run is ready for its first turn. */
export const runBooted = (run: Turn): void => write("run.booted", run);

/** One line of JSON a turn's beginning, in the run's own log: ids and times, never words. */
export function turnStarted(turn: Turn): void {
  locals.set(began, { at: performance.now() });
  write("turn.started", turn);
}

/** Its end, with the milliseconds that it took. */
export function turnCompleted(turn: Turn & { stopped: boolean; failed: boolean }): void {
  const start = locals.get(began);
  const ms = start && Math.round(performance.now() - start.at);
  write("turn.completed", { ...turn, ms });
}

function write(event: string, fields: object): void {
  process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), level: "info", event, ...fields })}\n`,
  );
}

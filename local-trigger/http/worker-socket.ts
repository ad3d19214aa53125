import type { Server as HttpServer } from "node:http";
import { Server, type Namespace, type Socket } from "socket.io";
import { z } from "zod";
import type { RunSignals } from "../runs/run-signals.ts";
import { authenticate, type Keys } from "./credentials.ts";

const runIds = z.object({ runFriendlyIds: z.array(z.string()) });

/**
 * The namespace `/dev-worker`: tells a worker to look at a run's newest snapshot. Only a wake-up; a worker without it
 * polls. Returns a function that closes it.
 */
export function attachWorkerSocket(
  server: HttpServer,
  deps: { signals: RunSignals; keys: Keys },
): () => Promise<void> {
  const io = new Server(server, { transports: ["websocket"], serveClient: false });
  const namespace = io.of("/dev-worker");
  namespace.use((socket, next) => {
    authenticate(socket.handshake.headers.authorization, deps.keys).then(
      (credential) => next(credential?.kind === "secret" ? undefined : new Error("unauthorized")),
      () => next(new Error("unauthorized")),
    );
  });
  namespace.on("connection", (socket: Socket) => {
    socket.on("disconnect", deps.signals.workers.connects());
    follow(socket);
  });
  const stop = deps.signals.onNotify((run) => notify(namespace, run.id));
  return async () => {
    stop();
    namespace.disconnectSockets(true);
    io.engine.close();
    await Promise.resolve();
  };
}

function follow(socket: Socket): void {
  const each = (raw: unknown, act: (room: string) => unknown): void => {
    for (const runId of runIds.safeParse(raw).data?.runFriendlyIds ?? []) void act(runId);
  };
  socket.on("run:subscribe", (raw: unknown) => each(raw, (runId) => socket.join(runId)));
  socket.on("run:unsubscribe", (raw: unknown) => each(raw, (runId) => socket.leave(runId)));
}

function notify(namespace: Namespace, runId: string): void {
  namespace.to(runId).emit("run:notify", { version: "1", run: { friendlyId: runId } });
}

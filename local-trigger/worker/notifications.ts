import { io, type Socket } from "socket.io-client";
import { z } from "zod";

const notification = z.object({ run: z.object({ friendlyId: z.string() }) });

/**
 * Hears from the engine that a run's snapshot changed, over its socket. Only a wake-up: what changed is read by
 * HTTP, and a slow poll covers the times without a socket. After each connect all runs are woken once.
 */
export class Notifications {
  #socket: Socket;
  #listeners = new Map<string, () => void>();

  constructor(options: { apiUrl: string; secretKey: string }) {
    this.#socket = io(`${options.apiUrl}/dev-worker`, {
      transports: ["websocket"],
      extraHeaders: { authorization: `Bearer ${options.secretKey}` },
      reconnectionDelay: 200,
      reconnectionDelayMax: 2_000,
    });
    this.#socket.on("connect", () => this.#resubscribe());
    this.#socket.on("run:notify", (raw: unknown) => {
      const id = notification.safeParse(raw).data?.run.friendlyId;
      if (id !== undefined) this.#listeners.get(id)?.();
    });
  }

  subscribe(runId: string, listener: () => void): void {
    this.#listeners.set(runId, listener);
    this.#emit("run:subscribe", [runId]);
  }

  unsubscribe(runId: string): void {
    this.#listeners.delete(runId);
    this.#emit("run:unsubscribe", [runId]);
  }

  close(): void {
    this.#socket.disconnect();
  }

  #resubscribe(): void {
    if (this.#listeners.size === 0) return;
    this.#emit("run:subscribe", [...this.#listeners.keys()]);
    for (const listener of this.#listeners.values()) listener();
  }

  #emit(event: string, runFriendlyIds: string[]): void {
    // Not connected: the next connect subscribes to what is there then.
    if (this.#socket.connected) this.#socket.emit(event, { version: "1", runFriendlyIds });
  }
}

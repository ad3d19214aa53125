import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A stretch of network between a tab and local-trigger. With `cutAfterMs` every connection lives only so long. */
export async function startFaultyProxy(port: number, cutAfterMs?: number) {
  const pairs = new Set<[Socket, Socket]>();
  let state: "whole" | "cut" | "silent" = "whole";
  /** Pairs of which bytes were swallowed. */
  const lost = new WeakSet<[Socket, Socket]>();
  let cuts = 0;

  const server = createServer((near) => {
    if (state === "cut") {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const drop = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      // Standing still, the bytes are gone and nobody is told: what a half-open connection looks like.
      from.on("data", (bytes) => state !== "silent" && !lost.has(pair) && to.write(bytes));
      from.on("close", drop);
      from.on("error", drop);
    }
    if (cutAfterMs === undefined) return;
    setTimeout(() => {
      if (!pairs.has(pair)) return;
      cuts += 1;
      drop();
    }, cutAfterMs).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    /** Answers how many connections it met. */
    fault(how: "cut" | "silent"): number {
      state = how;
      const met = pairs.size;
      if (how === "cut") for (const [near] of pairs) near.destroy();
      return met;
    },
    /** What was swallowed does not come back: such connections are ended, or stay as dead as they are. */
    heal({ leaveHalfOpen = false } = {}): void {
      if (state === "silent")
        for (const pair of pairs)
          if (leaveHalfOpen) lost.add(pair);
          else pair[0].destroy();
      state = "whole";
    },
    stop(): void {
      for (const [near] of pairs) near.destroy();
      server.close();
    },
  };
}

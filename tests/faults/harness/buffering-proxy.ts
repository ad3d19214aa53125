import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that passes an answer on only when it is complete, as some do with everything that they do not know. */
export async function startBufferingProxy(port: number) {
  let held = 0;
  const server: Server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, async (response) => {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of response) pieces.push(piece as Buffer);
      } catch {
        answer.destroy();
        return;
      }
      if (pieces.length > 1) held += 1;
      const { "transfer-encoding": _, ...kept } = response.headers;
      answer.writeHead(response.statusCode ?? 502, kept).end(Buffer.concat(pieces));
    });
    onward.on("error", () => answer.destroy());
    // Whoever stops waiting is not waited for.
    answer.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many answers that came in pieces were held back until their end. */
    held: () => held,
    stop(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}

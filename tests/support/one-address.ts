import { connect, createServer, type AddressInfo } from "node:net";

/** One address for several web servers, as a balancer gives it: whoever is named first and takes the connection answers. */
export async function oneAddress(ports: number[]): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((client) => {
    const attempt = ([port, ...others]: number[]): void => {
      if (port === undefined) return void client.destroy();
      const upstream = connect(port, "127.0.0.1");
      let connected = false;
      upstream.once("connect", () => {
        connected = true;
        client.pipe(upstream).pipe(client);
      });
      upstream.once("error", () => (connected ? client.destroy() : attempt(others)));
      upstream.once("close", () => connected && client.destroy());
      client.once("error", () => upstream.destroy());
    };
    attempt(ports);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((done) => void server.close(() => done())),
  };
}

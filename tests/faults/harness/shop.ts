import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the tools did outside of the answer: each call as it arrived. The shop answers when `serve` is called. */
export class Shop {
  readonly orders: string[] = [];
  private waiting: (() => void)[] = [];
  private open = true;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.orders.push(request.url ?? "");
      const serve = () => response.end("served");
      if (this.open) serve();
      else this.waiting.push(serve);
    });
  }

  static async open(): Promise<Shop> {
    const shop = new Shop();
    await new Promise<void>((resolve) => shop.server.listen(0, "127.0.0.1", resolve));
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Takes orders from now on without an answer. */
  close(): void {
    this.open = false;
  }

  serve(): void {
    this.open = true;
    for (const serve of this.waiting.splice(0)) serve();
  }

  count = (order: string): number => this.orders.filter((one) => one === `/${order}`).length;

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

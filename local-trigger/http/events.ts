import type { ServerResponse } from "node:http";

/** Text as it goes over the wire, ready for any number of readers. */
export type Frame = { plain: Buffer; chunked: Buffer };

const noMore = "0\r\n\r\n";

/**
 * The body of an answer that goes on and on. Over HTTP/1.1 its chunks are made here and not by Node, for which each
 * would be four writes to each reader: a frame is made once, and is one write.
 */
export class Events {
  private readonly chunked: boolean;

  /** To be made once the head is sent. */
  constructor(private readonly res: ServerResponse) {
    this.chunked = res.chunkedEncoding === true;
    res.chunkedEncoding = false;
  }

  static frame(text: string): Frame {
    const head = `${Buffer.byteLength(text).toString(16)}\r\n`;
    const chunked = Buffer.from(`${head}${text}\r\n`);
    return { plain: chunked.subarray(head.length, -2), chunked };
  }

  write({ plain, chunked }: Frame): void {
    this.res.write(this.chunked ? chunked : plain);
  }

  /** The last of it. */
  end(text: string): void {
    this.write(Events.frame(text));
    this.res.end(this.chunked ? noMore : undefined);
  }
}

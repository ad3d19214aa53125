import { MalformedMessage } from "./protobuf.ts";

const maxFrameBytes = 2 * 1024 * 1024;
const terminalBit = 0x80;
const compressionBits = 0x60;

export type Frame = { terminal: boolean; body: Buffer };

/** Cuts a byte stream into s2s frames: 3 bytes length, 1 flag byte, body. Throws MalformedMessage. */
export class FrameReader {
  private parts: Buffer[] = [];
  private size = 0;

  *push(chunk: Buffer): Generator<Frame> {
    this.parts.push(chunk);
    this.size += chunk.length;
    for (;;) {
      const frame = this.take();
      if (!frame) return;
      yield frame;
    }
  }

  private take(): Frame | null {
    if (this.size < 4) return null;
    if ((this.parts[0]?.length ?? 0) < 4) this.join();
    const head = this.parts[0] as Buffer;
    const length = head.readUIntBE(0, 3);
    if (length < 1 || length > maxFrameBytes) throw new MalformedMessage("a frame has an impossible length");
    if (this.size < 3 + length) return null;
    this.join();
    const all = this.parts[0] as Buffer;
    const flag = all[3] ?? 0;
    if (flag & compressionBits) throw new MalformedMessage("compressed frames are not served");
    this.parts = [all.subarray(3 + length)];
    this.size -= 3 + length;
    return { terminal: (flag & terminalBit) !== 0, body: all.subarray(4, 3 + length) };
  }

  private join(): void {
    if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts)];
  }
}

export function frame(body: Buffer): Buffer {
  return framed(0, body);
}

/** The last frame of a session that failed: an HTTP status and S2's error body. */
export function errorFrame(status: number, error: { code: string; message: string }): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(status);
  return framed(terminalBit, Buffer.concat([code, Buffer.from(JSON.stringify(error))]));
}

function framed(flag: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntBE(body.length + 1, 0, 3);
  head[3] = flag;
  return Buffer.concat([head, body]);
}

/** What a file is, told from its content alone. */

const text = new TextEncoder();

type Signature = { mediaType: string; at: [offset: number, bytes: Uint8Array][] };

const ascii = (value: string): Uint8Array => text.encode(value);

const SIGNATURES: Signature[] = [
  { mediaType: "image/png", at: [[0, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)]] },
  { mediaType: "image/jpeg", at: [[0, Uint8Array.of(0xff, 0xd8, 0xff)]] },
  { mediaType: "image/gif", at: [[0, ascii("GIF87a")]] },
  { mediaType: "image/gif", at: [[0, ascii("GIF89a")]] },
  {
    mediaType: "image/webp",
    at: [
      [0, ascii("RIFF")],
      [8, ascii("WEBPVP8")],
    ],
  },
  { mediaType: "application/pdf", at: [[0, ascii("%PDF-")]] },
];

/** So many bytes decide about everything but text, which is decided by the whole file. */
const HEAD = 16;

/** Names that promise one of the types above. */
const PROMISES: [RegExp, string[]][] = [
  [/\.png$/i, ["image/png"]],
  [/\.jpe?g$/i, ["image/jpeg"]],
  [/\.gif$/i, ["image/gif"]],
  [/\.webp$/i, ["image/webp"]],
  [/\.pdf$/i, ["application/pdf"]],
];

const has = (head: Uint8Array, offset: number, bytes: Uint8Array): boolean =>
  bytes.every((byte, index) => head[offset + index] === byte);

/** Reads a file piece by piece, and says at its end what it is. */
export class TypeReader {
  #head = new Uint8Array(0);
  #decoder = new TextDecoder("utf-8", { fatal: true });
  #isText = true;

  read(bytes: Uint8Array): void {
    if (this.#head.length < HEAD) this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD)]);
    if (!this.#isText) return;
    try {
      this.#decoder.decode(bytes, { stream: true });
    } catch {
      this.#isText = false;
    }
    if (bytes.includes(0)) this.#isText = false;
  }

  /** Null: none of the types that can be attached. */
  mediaType(): string | null {
    const found = SIGNATURES.find(({ at }) => at.every(([offset, bytes]) => has(this.#head, offset, bytes)));
    if (found) return found.mediaType;
    return this.#isText && this.#endsWell() ? "text/plain" : null;
  }

  #endsWell(): boolean {
    try {
      this.#decoder.decode();
      return true;
    } catch {
      return false;
    }
  }
}

/** Why a file with this name and content is not taken; null when it is. */
export function refusalOf(name: string, mediaType: string | null): string | null {
  const promised = PROMISES.find(([ending]) => ending.test(name))?.[1];
  if (promised && mediaType !== null && !promised.includes(mediaType)) {
    return `“${name}” is not what its name says: its content is ${WORDS[mediaType] ?? "something else"}. Rename it, or attach another file.`;
  }
  if (mediaType === null) {
    return `“${name}” cannot be attached. Images (PNG, JPEG, GIF, WebP), PDF and text in UTF-8 can.`;
  }
  return null;
}

const WORDS: Record<string, string> = {
  "image/png": "a PNG image",
  "image/jpeg": "a JPEG image",
  "image/gif": "a GIF image",
  "image/webp": "a WebP image",
  "application/pdf": "a PDF",
  "text/plain": "text",
};

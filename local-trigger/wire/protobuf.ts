/** Thrown for bytes that are no valid message. */
export class MalformedMessage extends Error {
  constructor(what: string) {
    super(`The message is malformed: ${what}.`);
    this.name = "MalformedMessage";
  }
}

export type Field = { number: number; value: bigint | Uint8Array };

/** The fields of a protobuf message, in order; only varint and length-delimited fields are known here. */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new MalformedMessage("a number is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage("a number is longer than ten bytes");
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    if (wireType === 0) yield { number: tag >> 3, value: varint() };
    else if (wireType === 2) {
      const length = Number(varint());
      if (at + length > bytes.length) throw new MalformedMessage("a field is cut off");
      yield { number: tag >> 3, value: bytes.subarray(at, (at += length)) };
    } else throw new MalformedMessage(`wire type ${wireType} is not expected`);
  }
}

/** The bytes of a length-delimited field. */
export function bytesOf(field: Field): Uint8Array {
  if (typeof field.value === "bigint") throw new MalformedMessage(`field ${field.number} is a number`);
  return field.value;
}

export function varintField(number: number, value: number): Buffer {
  const field = Buffer.allocUnsafe(varintLength(number << 3) + varintLength(value));
  writeVarint(field, value, writeVarint(field, number << 3, 0));
  return field;
}

export function bytesField(number: number, value: Uint8Array): Buffer {
  const tag = (number << 3) | 2;
  const head = varintLength(tag) + varintLength(value.length);
  const field = Buffer.allocUnsafe(head + value.length);
  writeVarint(field, value.length, writeVarint(field, tag, 0));
  field.set(value, head);
  return field;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Where the next byte goes. */
function writeVarint(into: Buffer, value: number, at: number): number {
  let next = at;
  let rest = value;
  // Times in milliseconds are wider than the 32 bits of the bit operators.
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[next++] = (rest % 0x80) | 0x80;
  into[next++] = rest;
  return next;
}

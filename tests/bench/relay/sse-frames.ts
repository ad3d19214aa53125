/** A chunk of an answer as the runtime writes it to `.out`, some 90 bytes. */
export function chunkBody(index: number, text = "token "): string {
  return JSON.stringify({ data: { type: "text-delta", id: "text-1", delta: text }, id: `part${index}` });
}

interface WireRecord {
  seq_num: number;
  timestamp: number;
  body: string;
  headers: [];
}

export function recordsOf(bodies: string[], first: number): WireRecord[] {
  const timestamp = Date.now();
  return bodies.map((body, index) => ({ seq_num: first + index, timestamp, body, headers: [] }));
}

/** One event of server-sent events with the form that local-trigger gives it. */
export function batchFrame(records: WireRecord[]): string {
  const [first, last] = [records[0]?.seq_num ?? 0, records.at(-1)?.seq_num ?? 0];
  const data = JSON.stringify({ records, tail: { seq_num: last + 1, timestamp: records[0]?.timestamp } });
  return `id: ${first},${last},${data.length}\nevent: batch\ndata: ${data}\n\n`;
}

/** Records a frame, as local-trigger sends what is stored. */
const FRAME = 500;

export function storedFrames(count: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let first = 0; first < count; first += FRAME) {
    const bodies = Array.from({ length: Math.min(FRAME, count - first) }, (_, at) => chunkBody(first + at));
    frames.push(Buffer.from(batchFrame(recordsOf(bodies, first))));
  }
  return frames;
}

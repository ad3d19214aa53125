import { z } from "zod";

/** Why a file of an imported chat was not taken, as the person is told. */
export const FILE_MISSED = {
  absent: "The file that you imported does not hold it",
  large: "Too large, or too much for one message",
  refused: "Not of a kind that can be attached",
  full: "No room: your files take up all that one account has",
  unstored: "It could not be stored just now",
} as const;

export type FileMissed = keyof typeof FILE_MISSED;

/** How many, by why. */
export type FilesMissed = Partial<Record<FileMissed, number>>;

const whys = Object.keys(FILE_MISSED) as FileMissed[];
const count = z.coerce.number().int().min(1).max(1_000_000);

/** As an address says it. */
export function missedOf(search: URLSearchParams): FilesMissed {
  const told = whys.map((why) => [why, count.safeParse(search.get(why) ?? undefined).data] as const);
  return Object.fromEntries(told.filter(([, many]) => many !== undefined));
}

export const missedCount = (missed: FilesMissed): number =>
  Object.values(missed).reduce((sum, many) => sum + many, 0);

import { median } from "./statistics.ts";
import { spreadOf } from "./figure.ts";

/** Runs two measurements turn about, once for warm-up and then `pairs` times; each second pair in the other order. */
export async function turnAbout(
  pairs: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<{ ours: number[]; theirs: number[]; ratios: number[] }> {
  await ours();
  await theirs();
  const result = { ours: [] as number[], theirs: [] as number[], ratios: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0 ? await ours() : await theirs();
    const second = pair % 2 === 0 ? await theirs() : await ours();
    const [own, other] = pair % 2 === 0 ? [first, second] : [second, first];
    result.ours.push(own);
    result.theirs.push(other);
    result.ratios.push(own / other);
  }
  return result;
}

/** The fields of a result that come from the pairs. */
export function ratioOf({ ratios, ours, theirs }: Awaited<ReturnType<typeof turnAbout>>, unit: string) {
  return {
    value: median(ratios),
    unit: "×" as const,
    samples: ratios.length,
    spread: spreadOf(ratios),
    details: { [`ours ${unit}`]: median(ours), [`the other's ${unit}`]: median(theirs) },
  };
}

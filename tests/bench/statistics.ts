/** The middle of a list of numbers; NaN for an empty one. */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the list lies, between two neighbours in proportion. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

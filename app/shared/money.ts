/** Millionths of a US dollar as a person reads them: two digits of a small sum, cents of a large one. */
export function formatCost(micros: number): string {
  if (micros === 0) return "Free";
  const dollars = micros / 1_000_000;
  const digits =
    dollars >= 1
      ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      : { maximumSignificantDigits: dollars < 0.01 ? 2 : 3 };
  return new Intl.NumberFormat("en", { style: "currency", currency: "USD", ...digits }).format(dollars);
}

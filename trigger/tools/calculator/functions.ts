import { Decimal } from "decimal.js";
import { CalculationError } from "#trigger/tools/calculator/tokens.ts";

/** Thirty digits more than anybody reads, so that 0.1 + 0.2 is 0.3 and a third times three is one. */
export const Exact = Decimal.clone({
  precision: 50,
  defaults: true,
  toExpPos: 31,
  maxE: 10_000,
  minE: -10_000,
});
export type Exact = Decimal;

const MAX_FACTORIAL = 1_000;

export function factorial(value: Exact): Exact {
  if (!value.isInteger() || value.isNegative() || value.gt(MAX_FACTORIAL)) {
    throw new CalculationError(`A factorial needs a whole number from 0 to ${MAX_FACTORIAL}.`);
  }
  let product = new Exact(1);
  for (let factor = 2; value.gte(factor); factor += 1) product = product.mul(factor);
  return product;
}

const sum = (values: Exact[]): Exact => values.reduce((total, value) => total.add(value), new Exact(0));

type Fn = { min: number; max: number; apply: (...values: [Exact, ...Exact[]]) => Exact };
const one = (apply: (value: Exact) => Exact): Fn => ({ min: 1, max: 1, apply });
const many = (apply: (...values: [Exact, ...Exact[]]) => Exact): Fn => ({ min: 1, max: 100, apply });

export const functions = new Map<string, Fn>(
  Object.entries({
    sqrt: one((value) => value.sqrt()),
    cbrt: one((value) => value.cbrt()),
    abs: one((value) => value.abs()),
    floor: one((value) => value.floor()),
    ceil: one((value) => value.ceil()),
    round: { min: 1, max: 2, apply: (value, places) => value.toDecimalPlaces(digits(places)) },
    exp: one((value) => value.exp()),
    ln: one((value) => value.ln()),
    log: one((value) => value.log(10)),
    log10: one((value) => value.log(10)),
    log2: one((value) => value.log(2)),
    sin: one((value) => small(value).sin()),
    cos: one((value) => small(value).cos()),
    tan: one((value) => small(value).tan()),
    asin: one((value) => value.asin()),
    acos: one((value) => value.acos()),
    atan: one((value) => value.atan()),
    mod: { min: 2, max: 2, apply: (value, by) => value.mod(by ?? 1) },
    min: many((...values) => Exact.min(...values)),
    max: many((...values) => Exact.max(...values)),
    sum: many((...values) => sum(values)),
    mean: many((...values) => sum(values).div(values.length)),
  } satisfies Record<string, Fn>),
);

export const constants = new Map<string, Exact>([
  ["pi", Exact.acos(-1)],
  ["e", Exact.exp(1)],
]);

function digits(places: Exact | undefined): number {
  const count = places?.toNumber() ?? 0;
  if (Number.isInteger(count) && count >= 0 && count <= 40) return count;
  throw new CalculationError("round takes from 0 to 40 decimal places.");
}

/** Far from zero an angle costs more digits than there are. */
function small(angle: Exact): Exact {
  if (angle.abs().lt("1e20")) return angle;
  throw new CalculationError("The angle is too large.");
}

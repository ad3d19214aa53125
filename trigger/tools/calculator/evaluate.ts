import { constants, Exact, factorial, functions } from "#trigger/tools/calculator/functions.ts";
import { CalculationError, tokenize, type Token } from "#trigger/tools/calculator/tokens.ts";

const MAX_DEPTH = 60;
const MAX_EXPONENT = 100_000;

/** Reads an expression from left to right and reckons as it goes; nothing in it is ever run as code. */
class Reader {
  #next = 0;
  #depth = 0;

  constructor(private readonly tokens: Token[]) {}

  whole(): Exact {
    const value = this.#sum();
    const left = this.tokens[this.#next];
    if (left) throw new CalculationError(`"${left.text}" at place ${left.at + 1} does not fit there.`);
    return value;
  }

  #take(...signs: string[]): string | null {
    const token = this.tokens[this.#next];
    if (token?.kind !== "sign" || !signs.includes(token.text)) return null;
    this.#next += 1;
    return token.text;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new CalculationError(`A "${sign}" is missing.`);
  }

  #sum(): Exact {
    if (++this.#depth > MAX_DEPTH) throw new CalculationError("The expression is nested too deeply.");
    let value = this.#product();
    for (let sign = this.#take("+", "-"); sign; sign = this.#take("+", "-")) {
      const right = this.#product();
      value = sign === "+" ? value.add(right) : value.sub(right);
    }
    this.#depth -= 1;
    return value;
  }

  #product(): Exact {
    let value = this.#signed();
    for (let sign = this.#take("*", "/"); sign; sign = this.#take("*", "/")) {
      const right = this.#signed();
      if (sign === "/" && right.isZero()) throw new CalculationError("Nothing can be divided by zero.");
      value = sign === "*" ? value.mul(right) : value.div(right);
    }
    return value;
  }

  /** A minus binds less than a power: -2^2 is -4. */
  #signed(): Exact {
    let negative = false;
    for (let sign = this.#take("+", "-"); sign; sign = this.#take("+", "-"))
      negative = negative !== (sign === "-");
    const value = this.#power();
    return negative ? value.neg() : value;
  }

  /** From right to left: 2^3^2 is 2^9. */
  #power(): Exact {
    if (++this.#depth > MAX_DEPTH) throw new CalculationError("The expression is nested too deeply.");
    const base = this.#withSuffix();
    const value = this.#take("^") ? power(base, this.#signed()) : base;
    this.#depth -= 1;
    return value;
  }

  #withSuffix(): Exact {
    let value = this.#atom();
    for (let sign = this.#take("!", "%"); sign; sign = this.#take("!", "%")) {
      value = sign === "!" ? factorial(value) : value.div(100);
    }
    return value;
  }

  #atom(): Exact {
    if (this.#take("(")) {
      const value = this.#sum();
      this.#expect(")");
      return value;
    }
    const token = this.tokens[this.#next++];
    if (!token) throw new CalculationError("The expression ends too early.");
    if (token.kind === "number") return new Exact(token.text);
    if (token.kind === "name") return this.#named(token.text);
    throw new CalculationError(`"${token.text}" at place ${token.at + 1} does not fit there.`);
  }

  #named(name: string): Exact {
    const constant = constants.get(name);
    if (constant) return constant;
    const fn = functions.get(name);
    if (!fn) throw new CalculationError(`"${name}" is not known.`);
    this.#expect("(");
    const values: [Exact, ...Exact[]] = [this.#sum()];
    while (this.#take(",")) values.push(this.#sum());
    this.#expect(")");
    if (values.length >= fn.min && values.length <= fn.max) return fn.apply(...values);
    throw new CalculationError(`"${name}" does not take ${values.length} values.`);
  }
}

function power(base: Exact, exponent: Exact): Exact {
  if (exponent.abs().gt(MAX_EXPONENT))
    throw new CalculationError(`An exponent may be at most ${MAX_EXPONENT}.`);
  return base.pow(exponent);
}

/** The value of an expression, to 30 significant digits. Throws a CalculationError with the reason. */
export function evaluate(expression: string): string {
  const value = new Reader(tokenize(expression)).whole();
  if (value.isNaN()) throw new CalculationError("The result is not a real number.");
  if (!value.isFinite()) throw new CalculationError("The result is too large.");
  return value.toSignificantDigits(30).toString();
}

import { describe, expect, it } from "vitest";
import { evaluate } from "#trigger/tools/calculator/evaluate.ts";

describe("the calculator", () => {
  it.each([
    ["1 + 2 * 3", "7"],
    ["0.1 + 0.2", "0.3"],
    ["1/3*3", "1"],
    ["-2^2", "-4"],
    ["2^3^2", "512"],
    ["2**10", "1024"],
    ["(1 + 2) × 3 ÷ 2", "4.5"],
    ["15% * 80", "12"],
    ["5!", "120"],
    ["2 * -3", "-6"],
    ["sqrt(2)^2", "2"],
    ["round(2.345, 2)", "2.35"],
    ["mean(1, 2, 3, 4)", "2.5"],
    ["mod(17, 5)", "2"],
    ["LOG10(1000) + ln(e)", "4"],
    ["sin(pi / 6)", "0.5"],
    ["1.5e3 + .5", "1500.5"],
    ["2^0.5 * 2^0.5", "2"],
    ["123456789012345678901234 + 1", "123456789012345678901235"],
  ])("reckons %s as %s", (expression, result) => {
    expect(evaluate(expression)).toBe(result);
  });

  it.each([
    ["1 / 0", /divided by zero/],
    ["2 +", /ends too early/],
    ["(1 + 2", /"\)" is missing/],
    ["1 2", /does not fit/],
    ["sqrt(-1)", /not a real number/],
    ["10^10^10", /at most/],
    ["(10^9999)*(10^9999)", /too large/],
    ["1000000!", /factorial/],
    ["sqrt(1, 2)", /does not take 2/],
    ["(".repeat(100) + "1" + ")".repeat(100), /nested too deeply/],
    ["2^".repeat(200) + "1", /nested too deeply/],
    ["", /ends too early/],
  ])("refuses %s with a reason", (expression, reason) => {
    expect(() => evaluate(expression)).toThrow(reason);
  });

  it.each([
    "process.exit(1)",
    "constructor",
    "__proto__",
    "toString()",
    "this",
    "1; 2",
    "a = 1",
    "`x`",
    "import('fs')",
  ])("runs no code: %s is refused", (expression) => {
    expect(() => evaluate(expression)).toThrow(/not (known|understood)|does not fit/);
  });

  it("answers the longest allowed expressions within a moment", () => {
    const begun = performance.now();
    for (const expression of ["9^99999", "1000!", "tan(1)^" + "9".repeat(5), "+".repeat(499) + "1"]) {
      try {
        evaluate(expression);
      } catch (error) {
        expect(String(error)).toMatch(/too large|does not fit/);
      }
    }
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

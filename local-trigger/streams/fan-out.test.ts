import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { FanOut } from "./fan-out.ts";

/** So many followers of one stream, and the order in which they are woken. */
function followed(count: number) {
  const fanOut = new FanOut();
  const woken: number[] = [];
  const wakes = Array.from({ length: count }, (_, index) => () => void woken.push(index));
  for (const wake of wakes) fanOut.add(wake);
  return { fanOut, woken, wakes };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function untilQuiet(woken: number[]): Promise<void> {
  for (let before = -1; before !== woken.length; await nextTurn()) before = woken.length;
}

it("wakes a few followers at once", () => {
  const { fanOut, woken } = followed(3);
  fanOut.wake();
  expect(woken).toEqual([0, 1, 2]);
});

it("leaves the event loop to others between the followers of a stream that many follow", async () => {
  const { fanOut, woken } = followed(100);
  fanOut.wake();
  expect(woken).toEqual([]);
  const steps: number[] = [];
  while (woken.length < 100) {
    await nextTurn();
    steps.push(woken.length);
  }
  expect(woken).toEqual(upTo(100));
  expect(steps.length).toBeGreaterThan(2);
});

it("wakes whoever waits once for several appends, and nobody out of turn", async () => {
  const { fanOut, woken } = followed(100);
  fanOut.wake();
  await nextTurn();
  const early = [...woken];
  expect(early.length).toBeGreaterThan(0);
  expect(early.length).toBeLessThan(100);
  fanOut.wake();
  await untilQuiet(woken);
  expect(woken).toEqual([...upTo(100), ...early]);
});

it("does not wake who has left", async () => {
  const { fanOut, woken, wakes } = followed(40);
  fanOut.wake();
  wakes.slice(20).forEach((wake) => fanOut.remove(wake));
  await untilQuiet(woken);
  expect(woken).toEqual(upTo(20));
  expect(fanOut.size).toBe(20);
});

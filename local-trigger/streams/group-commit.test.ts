import { describe, expect, it } from "vitest";
import { GroupCommit } from "./group-commit.ts";

type Job = { key: string; name: string };
const job = (key: string, name = key): Job => ({ key, name });

/** Groups stand still until `release`; `undone` names the jobs that have to be done alone. */
function grouped(undone: string[] = []) {
  const groups: string[][] = [];
  const alone: string[] = [];
  const gates: (() => void)[] = [];
  const held = () => new Promise<void>((resolve) => gates.push(resolve));
  const commits = new GroupCommit<Job, string>({
    together: async (jobs) => {
      groups.push(jobs.map(({ name }) => name));
      await held();
      if (jobs.some(({ name }) => name === "broken")) throw new Error("broken");
      return jobs.map(({ name }) => (undone.includes(name) ? undefined : `${name} done`));
    },
    alone: async ({ name }) => {
      alone.push(name);
      if (name.startsWith("slow")) await held();
      return `${name} alone`;
    },
    keyOf: ({ key }) => key,
    sizeOf: () => 1,
  });
  return { commits, groups, alone, release: () => gates.splice(0).forEach((open) => open()) };
}

describe("a group commit", () => {
  it("does one job at once, alone", async () => {
    const { commits, alone } = grouped();
    expect(await commits.run(job("a"))).toBe("a alone");
    expect(alone).toEqual(["a"]);
  });

  it("does together what comes together, and later jobs of a key not beside earlier ones", async () => {
    const { commits, groups, alone, release } = grouped();
    const first = [commits.run(job("a", "a1")), commits.run(job("b"))];
    await expect.poll(() => groups).toEqual([["a1", "b"]]);
    const second = [commits.run(job("a", "a2")), commits.run(job("c"))];
    await expect.poll(() => alone).toEqual(["c"]);
    release();
    expect(await Promise.all([...first, ...second])).toEqual(["a1 done", "b done", "a2 alone", "c alone"]);
  });

  it("does alone what the group left out, in its order, while others go on", async () => {
    const { commits, groups, alone, release } = grouped(["slow1", "slow2"]);
    const held = [commits.run(job("a", "slow1")), commits.run(job("a", "slow2")), commits.run(job("b"))];
    await expect.poll(() => groups.length).toBe(1);
    release();
    expect(await held[2]).toBe("b done");
    await expect.poll(() => alone).toEqual(["slow1"]);
    expect(await commits.run(job("b", "b2"))).toBe("b2 alone");
    release();
    await expect.poll(() => alone).toEqual(["slow1", "b2", "slow2"]);
    release();
    expect(await Promise.all(held)).toEqual(["slow1 alone", "slow2 alone", "b done"]);
  });

  it("tells every job of a failed group, and goes on with the next", async () => {
    const { commits, groups, release } = grouped();
    const failing = [commits.run(job("a", "broken")), commits.run(job("b"))];
    const settled = Promise.allSettled(failing);
    await expect.poll(() => groups.length).toBe(1);
    release();
    expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await commits.run(job("a"))).toBe("a alone");
  });
});

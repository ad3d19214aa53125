// `npm run bench`: see docs/testing.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Bench } from "./bench.ts";
import { describe, isMet, type Figure, type Result } from "./figure.ts";
import { figures } from "./figures.ts";

type Line = Result & { figure: string; met: boolean | null };

function chosen(names: string[]): Figure<Bench>[] {
  const unknown = names.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) {
    const known = figures.map(({ name, title }) => `  ${name.padEnd(16)}${title}`).join("\n");
    throw new Error(`There is no figure ${unknown.join(", ")}. These are there:\n${known}`);
  }
  return names.length === 0 ? figures : figures.filter(({ name }) => names.includes(name));
}

/** Runs one figure; a broken measurement is told and counted, and the next figure runs. */
async function measured(figure: Figure<Bench>, bench: Bench): Promise<Line[] | null> {
  console.log(`\n${figure.name} · ${figure.title}`);
  try {
    const results = await figure.run(bench);
    for (const result of results) console.log(describe(result));
    return results.map((result) => ({ figure: figure.name, met: isMet(result), ...result }));
  } catch (error) {
    console.error(`  BROKEN: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return null;
  }
}

async function beginGroup(selected: Figure<Bench>[], group: string | undefined, bench: Bench): Promise<void> {
  for (const figure of selected) if (figure.group === group) await figure.begin?.(bench);
}

/** One JSON object a line, for machines; the same in test-results/bench.json. */
function printLines(lines: Line[]): void {
  console.log("\nOne JSON object a figure:");
  for (const line of lines) console.log(JSON.stringify(line));
  mkdirSync("test-results", { recursive: true });
  writeFileSync("test-results/bench.json", JSON.stringify(lines, null, 1));
}

async function main(): Promise<void> {
  const selected = chosen(process.argv.slice(2));
  console.log(`Node ${process.version}, ${availableParallelism()} cores, load included`);
  const bench = new Bench();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void bench.stop().finally(() => process.exit(1)));
  }
  const lines: Line[] = [];
  let broken = 0;
  try {
    for (const [index, figure] of selected.entries()) {
      // Those who share the application begin together, so that one's waiting time is another's work.
      if (figure.group !== selected[index - 1]?.group) await beginGroup(selected, figure.group, bench);
      const results = await measured(figure, bench);
      if (results) lines.push(...results);
      else broken += 1;
    }
  } finally {
    await bench.stop();
  }
  printLines(lines);
  const missed = lines.filter(({ met }) => met === false);
  const names = missed.map(({ figure, what }) => `${figure}: ${what}`).join("; ");
  console.log(
    `\n${lines.length} figures, ${missed.length} aims missed${names && ` (${names})`}, ${broken} broken`,
  );
  if (broken > 0) process.exitCode = 1;
}

await main();

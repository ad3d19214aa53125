import { eventually } from "./eventually.ts";
import type { Journey } from "./journey.ts";
import { question, type ChatRequest } from "./model-script.ts";
import type { PageServer } from "./page-server.ts";

const filler = "Bridges carry roads over water, and this page says so at some length. ".repeat(6);

/** A web of its own: a first page that links to `names`, and those. */
function smallWeb(
  web: PageServer,
  key: string,
  names: string[],
): { first: string; path: (name: string) => string } {
  const path = (name: string): string => `/${key}/${name}`;
  const links = [...names, "missing"].map((name) => `<li><a href="${path(name)}">About ${name}</a></li>`);
  web.put(
    path("first"),
    `<title>First of ${key}</title><p>${filler}</p><ul>${links.join("")}</ul><p>${filler}</p>`,
  );
  for (const name of names)
    web.put(path(name), `<title>All about ${name}</title><p>The ${name} is old. ${filler}</p>`);
  return { first: web.address(path("first")), path };
}

type Step = "plan" | "notes" | "report";

/** Which step of a research a side request is. */
function stepOf({ messages }: ChatRequest): Step {
  const text = JSON.stringify(messages);
  if (text.includes("follow")) return "notes";
  return text.includes("cite its source") ? "report" : "plan";
}

/** Lets the model research: it follows all links of the first page, and cites what was and what was not read. */
function scriptResearch({ model }: Journey, key: string, links: number): { steps: Step[] } {
  const steps: Step[] = [];
  model.answerSide(`Find ${key}`, (request) => {
    const step = stepOf(request);
    steps.push(step);
    if (step === "plan") return '```json\n{"questions": ["How old?", "How long?"], "searches": []}\n```';
    if (step === "report")
      return "Old [1], and long [2]. See [a trap](http://never.example/read) http://bare.example/x [99].";
    const first = JSON.stringify(request.messages).includes(`First of ${key}`);
    const follow = first ? Array.from({ length: links }, (_, index) => index + 1) : [];
    return JSON.stringify({ notes: first ? "An overview." : "It is old.", follow });
  });
  return { steps };
}

/** A question that begins a research over a web of its own. */
export function askResearch(journey: Journey, web: PageServer, names: string[]) {
  const asked = question("Research");
  const { key } = asked;
  const pages = smallWeb(web, key, names);
  const scripted = scriptResearch(journey, key, names.length + 1);
  const text = `${asked.text} beginning with ${pages.first}`;
  const prepared = journey.model.answer(asked.key, {
    tool: { name: "deepResearch", input: { question: `Find ${key}`, urls: [pages.first] } },
    text: "The bridges are old.",
  });
  return { text, key, pages, prepared, ...scripted };
}

type Row = { state: string; runId: string | null; generation: number };

/** The subtasks of a chat. */
export const subtasks = ({ app }: Journey, chatId: string) =>
  app.query<Row>(`SELECT "state", "runId", "generation" FROM "Subtask" WHERE "chatId" = $1`, [chatId]);

/** Kills the process of a run and waits until it is gone. */
export async function killSubtask({ app }: Journey, runId: string | null | undefined): Promise<void> {
  const pid = await eventually(() => app.runPids().get(runId ?? ""), {
    what: () => `no process of ${runId}`,
  });
  process.kill(pid, "SIGKILL");
  await eventually(() => app.runPids().get(runId ?? "") !== pid, { what: () => `${runId} lives on` });
}

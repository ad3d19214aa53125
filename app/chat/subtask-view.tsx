import {
  delegateOutput,
  deepResearchOutput,
  type DelegateOutput,
  type DeepResearchOutput,
  type PageState,
} from "#app/shared/subtasks.ts";
import { Markdown } from "#app/ui/markdown.tsx";

type Page = DeepResearchOutput["pages"][number];

const stateWords: Record<PageState, string> = {
  queued: "waits",
  reading: "reading",
  fetched: "reading",
  read: "read",
  failed: "failed",
  leftOut: "left out",
};

/** What a research or another agent is doing now, in a line; null when the output is of another kind. */
export function subtaskLine(tool: string, output: unknown): string | null {
  if (tool === "deepResearch") {
    const research = deepResearchOutput.safeParse(output);
    return research.success ? researchLine(research.data) : null;
  }
  const job = delegateOutput.safeParse(output);
  if (tool !== "delegate" || !job.success) return null;
  if (job.data.phase === "waiting") return "Another agent: waiting for a free place";
  const last = job.data.steps.at(-1);
  return last && "tool" in last && last.state === "running"
    ? `Another agent works: ${last.tool}`
    : "Another agent works";
}

function researchLine({ phase, pages }: DeepResearchOutput): string {
  const read = pages.filter(({ state }) => state === "read").length;
  if (phase === "waiting") return "Research: waiting for a free place";
  if (phase === "planning") return "Research: planning";
  if (phase === "reading") return `Research: ${read} of ${pages.length} pages read`;
  if (phase === "writing") return `Research: writing the report from ${read} pages`;
  return `Research over ${read} pages`;
}

/** How far it has got, or what came of it. Null when the output is of another kind. */
export function SubtaskView({ tool, output, live }: { tool: string; output: unknown; live: boolean }) {
  if (tool === "deepResearch") {
    const research = deepResearchOutput.safeParse(output);
    return research.success ? <Research research={research.data} live={live} /> : null;
  }
  const job = delegateOutput.safeParse(output);
  return job.success ? <Job job={job.data} live={live} /> : null;
}

/** What a research that was stopped left behind. */
const isLeft = (state: PageState): boolean =>
  state === "queued" || state === "reading" || state === "fetched";

function Research({ research, live }: { research: DeepResearchOutput; live: boolean }) {
  const { questions, pages, report, sources, limit } = research;
  return (
    <>
      {questions.length > 0 && (
        <section className="tool-block">
          <h3>To find out</h3>
          <ul className="research-list">
            {questions.map((question) => (
              <li key={question}>{question}</li>
            ))}
          </ul>
        </section>
      )}
      {pages.length > 0 && (
        <section className="tool-block">
          <h3>Pages</h3>
          <ol className="research-list">
            {pages.map((page) => (
              <ResearchPage key={page.url} page={page} live={live} />
            ))}
          </ol>
        </section>
      )}
      {limit !== null && <p className="note">{limit}</p>}
      {report !== null && (
        <section className="tool-block">
          <h3>Report</h3>
          <div className="markdown" data-report="">
            <Markdown text={report} streaming={false} />
          </div>
        </section>
      )}
      {sources.length > 0 && (
        <section className="tool-block">
          <h3>Sources</h3>
          <ol className="research-list">
            {sources.map(({ number, url, title }) => (
              <li key={number} value={number}>
                <Address url={url} words={title} />
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}

function ResearchPage({ page, live }: { page: Page; live: boolean }) {
  const { url, title, state, notes, reason } = page;
  return (
    <li data-page-state={state}>
      <span className="research-state">{isLeft(state) && !live ? "not read" : stateWords[state]}</span>{" "}
      <span className="research-page">
        <Address url={url} words={title ?? url} />
        {reason !== null && <span className="note">{reason}</span>}
        {notes !== null && notes !== "" && <span className="research-notes">{notes}</span>}
      </span>
    </li>
  );
}

/** Web addresses alone are links; whatever else a page may have named is text. */
function Address({ url, words }: { url: string; words: string }) {
  if (!/^https?:\/\//i.test(url)) return <>{words}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer nofollow">
      {words}
    </a>
  );
}

function Job({ job: { steps }, live }: { job: DelegateOutput; live: boolean }) {
  return (
    <div data-sub-agent="">
      {steps.map((step, index) =>
        "text" in step ? (
          // Steps are only ever added at the end.
          // eslint-disable-next-line react/no-array-index-key
          <div key={index} className="markdown">
            <Markdown text={step.text} streaming={live && index === steps.length - 1} />
          </div>
        ) : (
          // eslint-disable-next-line react/no-array-index-key
          <p key={index} className="note">
            <code>{step.tool}</code> {step.input} {step.state === "done" ? "" : step.state}
          </p>
        ),
      )}
    </div>
  );
}

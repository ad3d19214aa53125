import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import {
  askUserOutput,
  calculateOutput,
  currentTimeOutput,
  fetchPageOutput,
  runJavaScriptOutput,
  searchChatsOutput,
} from "#app/shared/chat-tools.ts";
import { resultAddress } from "#app/shared/search.ts";

export const json = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";

export function Block({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="tool-block">
      <h3>{name}</h3>
      <pre>{children}</pre>
    </section>
  );
}

/** What came back from a tool. An output that is not as the tool promises is shown as it is. */
export function ToolOutput({ name, output }: { name: string; output: unknown }) {
  return readable[name]?.(output) ?? <Block name="Output">{json(output)}</Block>;
}

const readable: Record<string, (output: unknown) => ReactNode> = {
  currentTime: (output) => {
    const time = currentTimeOutput.safeParse(output);
    return time.success && <Block name="Output">{time.data.local}</Block>;
  },
  calculate: (output) => {
    const found = calculateOutput.safeParse(output);
    return found.success && <Block name="Result">{found.data.result}</Block>;
  },
  askUser: (output) => {
    const given = askUserOutput.safeParse(output);
    return given.success && <Block name="Answer">{given.data.answer ?? "Not answered"}</Block>;
  },
  runJavaScript: (output) => {
    const run = runJavaScriptOutput.safeParse(output);
    if (!run.success) return null;
    const { console, result, error } = run.data;
    return (
      <>
        {console !== "" && <Block name="Console">{console}</Block>}
        {result !== null && <Block name="Result">{result}</Block>}
        {error !== null && <Block name="Error">{error}</Block>}
      </>
    );
  },
  fetchPage: (output) => {
    const page = fetchPageOutput.safeParse(output);
    if (!page.success) return null;
    const { url, title, text, truncated } = page.data;
    return (
      <>
        <Block name="Page">{title ? `${title}\n${url}` : url}</Block>
        <Block name={truncated ? "Text, cut short" : "Text"}>{text}</Block>
      </>
    );
  },
  searchChats: (output) => {
    const found = searchChatsOutput.safeParse(output);
    return found.success && <Hits hits={found.data.hits} />;
  },
};

type Hit = { chatId: string; messageId: string; title: string | null; excerpt: string };

function Hits({ hits }: { hits: Hit[] }) {
  if (hits.length === 0) return <p className="note">Nothing was found.</p>;
  return (
    <ul className="hits">
      {hits.map((hit) => (
        <li key={`${hit.chatId} ${hit.messageId}`}>
          <Link to={resultAddress(hit)} state={{ found: true }}>
            {hit.title ?? "Untitled chat"}
          </Link>
          <p>{hit.excerpt}</p>
        </li>
      ))}
    </ul>
  );
}

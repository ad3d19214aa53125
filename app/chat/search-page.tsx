import { Form, Link } from "@remix-run/react";
import { ChatHeader } from "#app/chat/chat-header.tsx";
import { ResultText } from "#app/chat/search-result.tsx";
import { resultAddress, searchWords, type SearchResult } from "#app/shared/search.ts";
import { Button } from "#app/ui/button.tsx";

type Props = { query: string; results: SearchResult[] | null; problem?: string | undefined };

const UNREACHABLE = "The search cannot be reached right now. Try again in a moment.";

/** What was found, as a page of its own: for browsers without scripts, and to come back to. */
export function SearchPage({ query, results, problem = UNREACHABLE }: Props) {
  const words = searchWords(query);
  return (
    <main className="chat search-page">
      <ChatHeader />
      <div className="scroll">
        <div className="column">
          <h1>Search your chats</h1>
          <search>
            <Form method="get" action="/chats/search" className="search-page-form">
              <input
                type="search"
                name="q"
                defaultValue={query}
                aria-label="Words to look for"
                maxLength={200}
              />
              <Button type="submit">Search</Button>
            </Form>
          </search>
          {results === null && <p className="note">{problem}</p>}
          {results?.length === 0 && query !== "" && <p className="note">Nothing was found.</p>}
          <ul className="results">
            {results?.map((result) => (
              <li key={`${result.chatId} ${result.messageId}`}>
                <Link to={resultAddress(result)} className="result">
                  <ResultText result={result} words={words} />
                </Link>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </main>
  );
}

import { useNavigate } from "@remix-run/react";
import { Search as SearchIcon } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import { ResultText } from "#app/chat/search-result.tsx";
import { useOpenSheet } from "#app/chat/sheet.ts";
import { isWriting } from "#app/chat/shortcuts.ts";
import { useSearch } from "#app/chat/use-search.ts";
import { resultAddress, searchWords, type SearchResult } from "#app/shared/search.ts";

const LIST = "search-results";

/** Finds chats and messages as one types; `children`, the list of chats, is there while nothing is looked for. */
export function SidebarSearch({ children }: { children: ReactNode }) {
  const { query, setQuery, results, failed, problem } = useSearch();
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  useSearchKeys(input);
  const searching = query.trim() !== "";
  const at = Math.min(chosen, (results?.length ?? 0) - 1);

  const type = (text: string) => {
    setQuery(text);
    setChosen(0);
  };
  const open = (result: SearchResult) => {
    type("");
    navigate(resultAddress(result), { state: { found: true } });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") return leave(event, searching, () => type(""));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !results?.length) return;
    event.preventDefault();
    setChosen((at + step + results.length) % results.length);
  };
  return (
    <>
      <search>
        <form
          action="/chats/search"
          className={searching ? "search searching" : "search"}
          onSubmit={(event) => {
            event.preventDefault();
            const result = results?.[at];
            if (result) open(result);
          }}
        >
          <SearchIcon size={15} aria-hidden />
          <input
            ref={input}
            type="search"
            name="q"
            role="combobox"
            value={query}
            placeholder="Search chats"
            aria-label="Search chats"
            aria-expanded={searching}
            aria-controls={LIST}
            aria-autocomplete="list"
            aria-activedescendant={searching && at >= 0 ? optionId(at) : undefined}
            aria-keyshortcuts="Control+K Meta+K /"
            autoComplete="off"
            maxLength={200}
            onChange={(event) => type(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <kbd aria-hidden>/</kbd>
        </form>
      </search>
      {searching ? (
        <div className="sidebar-list">
          <Results results={results} query={query} at={at} onOpen={open} />
          <output className="sidebar-empty">{failed && problem ? problem : toldOf(results, failed)}</output>
        </div>
      ) : (
        children
      )}
    </>
  );
}

const optionId = (index: number) => `${LIST}-${index}`;

function toldOf(results: SearchResult[] | null, failed: boolean): string {
  if (failed) return "The search cannot be reached right now.";
  if (results === null) return "Searching";
  return results.length === 0 ? "Nothing was found." : "";
}

type ResultsProps = {
  results: SearchResult[] | null;
  query: string;
  at: number;
  onOpen: (result: SearchResult) => void;
};

function Results({ results, query, at, onOpen }: ResultsProps) {
  const words = searchWords(query);
  useEffect(() => {
    if (at >= 0) document.getElementById(optionId(at))?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const follow = (event: MouseEvent, result: SearchResult) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(result);
  };
  return (
    // eslint-disable-next-line jsx-a11y/prefer-tag-over-role -- what is found are links
    <div role="listbox" id={LIST} aria-label="What was found" className="results">
      {results?.map((result, index) => (
        <a
          key={`${result.chatId} ${result.messageId}`}
          id={optionId(index)}
          // eslint-disable-next-line jsx-a11y/prefer-tag-over-role -- as above
          role="option"
          aria-selected={index === at}
          tabIndex={-1}
          href={resultAddress(result)}
          className="result"
          onClick={(event) => follow(event, result)}
        >
          <ResultText result={result} words={words} />
        </a>
      ))}
    </div>
  );
}

/** Escape clears what was typed; with nothing typed it leaves the box. It does not stop an answer. */
function leave(event: KeyboardEvent<HTMLInputElement>, searching: boolean, clear: () => void): void {
  if (searching) clear();
  else event.currentTarget.blur();
  if (searching || !document.querySelector("[data-sheet=open]")) event.preventDefault();
}

/** Ctrl or Cmd and K from anywhere, or "/" where nothing is written, leads to the search. */
function useSearchKeys(input: React.RefObject<HTMLInputElement | null>): void {
  const openSheet = useOpenSheet();
  const latest = useRef(openSheet);
  useEffect(() => {
    latest.current = openSheet;
  }, [openSheet]);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const isK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
      const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !isWriting(event.target);
      if ((!isK && !isSlash) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      latest.current();
      input.current?.select();
      // In a sheet it can be reached once that is open, which takes the focus.
      requestAnimationFrame(() => input.current?.select());
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [input]);
}

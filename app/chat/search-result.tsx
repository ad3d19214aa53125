import { Fragment } from "react";
import { cutAtWords, type SearchResult } from "#app/shared/search.ts";

/** What a result says of itself: its chat, and the words around the place. */
export function ResultText({ result, words }: { result: SearchResult; words: readonly string[] }) {
  const { title, excerpt, role } = result;
  return (
    <>
      <span className="result-title">
        {excerpt === null ? <Marked text={title ?? "Untitled"} words={words} /> : (title ?? "Untitled")}
      </span>
      {excerpt !== null && (
        <span className="result-excerpt">
          {role === "user" && "You: "}
          <Marked text={excerpt} words={words} />
        </span>
      )}
    </>
  );
}

function Marked({ text, words }: { text: string; words: readonly string[] }) {
  return cutAtWords(text, words).map((piece, index) => (
    // The pieces of one text never change their places.
    // eslint-disable-next-line react/no-array-index-key
    <Fragment key={index}>{index % 2 === 1 ? <mark>{piece}</mark> : piece}</Fragment>
  ));
}

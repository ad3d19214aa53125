import { tool } from "ai";
import { fetchPageInput, fetchPageOutput } from "#app/shared/chat-tools.ts";
import { fetchPage } from "#trigger/tools/fetch/fetch-page.ts";
import { isWrittenByPerson, type Said } from "#trigger/tools/fetch/written-by-person.ts";

/** Asks first, unless the person wrote the address; see docs/decisions/0006-asking-first.md. */
export function fetchPageTool({ said }: { said: () => Said }) {
  return {
    sideEffect: false,
    ...tool({
      description:
        "Read a page of the public web as text. The person is asked first, unless the address stands in a message of theirs.",
      inputSchema: fetchPageInput,
      outputSchema: fetchPageOutput,
      needsApproval: ({ url }) => !isWrittenByPerson(url, said()),
      execute: ({ url }, { abortSignal }) => fetchPage(url, abortSignal ? { signal: abortSignal } : {}),
    }),
  };
}

import type { LanguageModelV3Prompt } from "@ai-sdk/provider";

/** What the demo model does in one step. The same prompt always gives the same step. */
export type DemoStep = {
  reasoning?: string;
  text?: string;
  tool?: { name: string; input: Record<string, unknown> };
  /** Fail after the text, with this sentence. */
  failure?: string;
  slow: boolean;
};

const ABOUT = [
  "I am the **demo model** built into Longrun. I am not an AI: I only say prepared text, so that everything around me can be tried without a key.",
  "",
  "To talk to a real model, set one of these variables and start again:",
  "",
  "- `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GOOGLE_GENERATIVE_AI_API_KEY`",
  "- `OPENAI_COMPATIBLE_BASE_URL` for any server that speaks OpenAI's chat completions, such as llama.cpp or vLLM",
  "- or start Ollama: it is found by itself",
  "",
  "Until then, ask me for something *long*, to *think*, for the *time*, to *search* your chats, to *calculate* 2^10, to run a *script*, to read a page with your *approval*, for a *question*, for an *error*, or add *slow* to any of these. Reload the page while I answer: not a word is lost.",
].join("\n");

const REASONING = [
  "The person asks me to think. I cannot, so I show what thinking looks like:",
  "first I would restate the question, then weigh two ways to answer it, then choose the simpler one.",
].join(" ");

const PARAGRAPHS = [
  "A conversation in Longrun is not a request that a web server holds open. It is a run: a process of its own that reads your message from a log, asks the model, and appends every piece of the answer to another log. The page in front of you only reads that log. Close the tab, lose the network, or restart the web server, and the run does not notice; when the page comes back it reads on from the last record it has seen.",
  "Because each record has a number, nothing can come twice and nothing can be left out. The number of the last complete turn is stored in the same transaction as the answer itself, so a reload never shows an answer without its place in the log, nor a place in the log without its answer.",
  "When the run itself dies in the middle of an answer, another one takes over. It finds the message that has no answer yet and answers it, once. The half answer that was on the screen goes away and the new one takes its place. When you had already sent another message, the half answer is kept and marked as incomplete, and the later message is answered next.",
  "An idle conversation costs nothing. After a while without a message the run ends, and all that remains is rows in a database. The next message starts a new run, which reads the history back and goes on as if nothing had happened. This takes less than a second.",
  "Stopping works the same way. The stop is a record in the log like any other, so it does not matter which tab sends it, or whether the page was reloaded in between. What was said up to then is kept.",
  "All of this is easiest to see by trying. While this text appears, reload the page a few times, open it in a second tab, or stop the web server and start it again. Then compare the text with what you see after the last word.",
];

const LONG = [
  "# A long answer",
  "",
  PARAGRAPHS[0],
  "",
  "## The parts",
  "",
  "| part | holds | may die |",
  "| --- | --- | --- |",
  "| web server | nothing | at any time |",
  "| run | one conversation's turn | at any time |",
  "| log | every record | never loses one it acknowledged |",
  "",
  PARAGRAPHS[1],
  "",
  "## In code",
  "",
  "```ts",
  "for await (const chunk of answer) {",
  "  const { sequence } = await log.append(chunk);",
  "  console.log(`record ${sequence} is on disk`);",
  "}",
  "```",
  "",
  PARAGRAPHS[2],
  "",
  "## What to remember",
  "",
  "1. The page reads; it never owns the answer.",
  "2. A message that was acknowledged is answered, once.",
  "3. A cursor and the messages it stands for are written together.",
  "",
  PARAGRAPHS[3],
  "",
  PARAGRAPHS[4],
  "",
  PARAGRAPHS[5],
].join("\n");

const QUESTION = {
  question: "Which of these would you like to see?",
  choices: ["A long answer", "Some thinking", "Nothing more"],
  allowOther: true,
};

const SCRIPT = [
  "const primes = [];",
  "for (let n = 2; primes.length < 10; n++) if (primes.every((p) => n % p)) primes.push(n);",
  'console.log("the first ten primes");',
  "primes;",
].join("\n");

function lastUserText(prompt: LanguageModelV3Prompt): string {
  const message = prompt.findLast((candidate) => candidate.role === "user");
  if (message?.role !== "user") return "";
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** The tool results that ended the step before, as one readable text; null when no tool was called. */
function toolResult(prompt: LanguageModelV3Prompt): string | null {
  const last = prompt.at(-1);
  if (last?.role !== "tool") return null;
  const outputs = last.content.flatMap((part) => (part.type === "tool-result" ? [part.output] : []));
  return outputs
    .map((output) => ("value" in output ? JSON.stringify(output.value, null, 2) : output.type))
    .join("\n");
}

const asks = (text: string, ...words: string[]): boolean =>
  new RegExp(`\\b(${words.join("|")})`, "i").test(text);

function searchQuery(text: string): string {
  const after = /\bsearch(?:\s+(?:my|the|our))?(?:\s+chats?)?(?:\s+for)?\s+(.+)/i.exec(text)?.[1];
  return (
    (after ?? text)
      .replace(/[^\p{L}\p{N}\s-]/gu, " ")
      .trim()
      .slice(0, 100) || "search"
  );
}

/** What the demo model says or does after this prompt. */
export function demoStep(prompt: LanguageModelV3Prompt): DemoStep {
  const text = lastUserText(prompt);
  const slow = asks(text, "slow");
  const result = toolResult(prompt);
  if (result !== null) {
    return {
      slow,
      text: `The tool answered:\n\n\`\`\`json\n${result}\n\`\`\`\n\nThat is all I can do with it.`,
    };
  }
  if (asks(text, "error", "fail")) {
    return {
      slow,
      text: "I start to answer, and then",
      failure: "The demo model failed, as you asked it to.",
    };
  }
  if (asks(text, "time\\b")) return { slow, tool: { name: "currentTime", input: {} } };
  const address = /https?:\/\/\S+/.exec(text)?.[0];
  if (address) return { slow, tool: { name: "fetchPage", input: { url: address } } };
  if (asks(text, "approv"))
    return { slow, tool: { name: "fetchPage", input: { url: "https://example.com/" } } };
  if (asks(text, "question", "ask me")) return { slow, tool: { name: "askUser", input: QUESTION } };
  if (asks(text, "calculat", "reckon")) {
    const expression = /[-+*/^%!().\d\s]*\d[-+*/^%!().\d\s]*/.exec(text)?.[0].trim().slice(0, 200);
    return { slow, tool: { name: "calculate", input: { expression: expression || "6 * 7" } } };
  }
  if (asks(text, "script", "javascript"))
    return { slow, tool: { name: "runJavaScript", input: { code: SCRIPT } } };
  if (asks(text, "search")) {
    return { slow, tool: { name: "searchChats", input: { query: searchQuery(text) } } };
  }
  const answer = asks(text, "long\\b") ? LONG : ABOUT;
  return asks(text, "think", "reason")
    ? { slow, reasoning: REASONING, text: answer }
    : { slow, text: answer };
}

export const SHORT_ANSWER =
  "Work that goes on by itself, in a process of its own. Whoever asked may leave, and find it done.";

export const README_ANSWER = `Nothing. The answer is not made by the page, nor by the web server that sent you the page: it is a **durable run** that writes into a stream of its own.

When you reload, three things happen:

1. The first HTML already holds the conversation, read from Postgres in one snapshot.
2. The page takes up the stream where the last finished turn ended.
3. The words that you missed arrive first, then the ones that are being written.

\`\`\`ts
const transport = useDurableChat({ chatId, resume });
const { messages, status, stop } = useChat({ transport });
\`\`\`

So a closed laptop, a deploy or a crash of the web server costs you no word.`;

export const LONG_ANSWER = `A **durable stream** is a log that outlives its readers. Each record has a number, and a reader says which one it saw last.

## What that gives you

- reloads that lose nothing
- two devices that show the same
- a server that may restart in mid-sentence

\`\`\`ts
async function follow(stream: Stream, cursor: number): Promise<void> {
  for await (const record of stream.read({ after: cursor })) {
    show(record.body); // never twice: its number is beyond the cursor
    cursor = record.seq;
  }
}
\`\`\`

| fault | what the reader sees |
|---|---|
| a reload | the same words again, then the new ones |
| a lost network | a pause |
| a crash of the run | the question is answered anew |

> A request ends with its connection. A stream does not.

Read more about [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html), or ask me about \`Last-Event-ID\`.`;

export const RICH_ANSWER = String.raw`The time until the first word is the sum of its parts, $t = t_q + t_m$, where the queue obeys

$$
P(W > t) = \frac{\lambda}{\mu} \, e^{-(\mu - \lambda) t}
$$

and the mean over $n$ chats is \( \bar t = \frac{1}{n} \sum_{i=1}^{n} t_i \).

| part | share | note |
|:--|--:|---|
| queue | $\rho^2$ | grows near full load |
| model | 0.62 | not ours to change |
| stream | 0.01 | one append |

~~~mermaid
flowchart LR
  A[Browser] -->|form| B(Web)
  B --> C{Run alive?}
  C -->|yes| D[Append]
  C -->|no| E[Start a run]
  E --> D
~~~

~~~ts
// a stream is a log: readers come and go
export const after = (cursor: number) => records.filter(({ seq }) => seq > cursor);
~~~

In matrix form:

\[
A = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}, \qquad \det A = -2
\]`;

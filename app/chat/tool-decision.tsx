import { useState, type FormEvent, type ReactNode } from "react";
import { askUserInput } from "#app/shared/chat-tools.ts";
import { MAX_REASON, type ToolAnswer } from "#app/shared/tool-answers.ts";
import { Button } from "#app/ui/button.tsx";

type Decide = (answer: ToolAnswer) => Promise<string | null>;

/** Sends a decision once, and shows why it could not be sent. */
function useSend(decide: Decide) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const send = (answer: ToolAnswer) => {
    if (busy) return;
    setBusy(true);
    setError(null);
    void decide(answer).then((failure) => {
      setBusy(false);
      setError(failure);
    });
  };
  return { busy, error, send };
}

const focusFirst = (box: HTMLInputElement | null) => box?.focus();

const Failure = ({ error }: { error: string | null }) => (error ? <p role="alert">{error}</p> : null);

/** Approve or deny a call, with exactly what it will be given. */
export function Approval({ decide, children }: { decide: Decide; children: ReactNode }) {
  const { busy, error, send } = useSend(decide);
  const [denying, setDenying] = useState(false);
  const deny = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason");
    send({
      approved: false,
      ...(typeof reason === "string" && reason.trim() ? { reason: reason.trim() } : {}),
    });
  };
  return (
    <fieldset className="decision">
      <legend className="unseen">Approval</legend>
      {children}
      {denying ? (
        <form onSubmit={deny} className="decision-own">
          <label className="unseen" htmlFor="deny-reason">
            Reason
          </label>
          <input
            id="deny-reason"
            name="reason"
            maxLength={MAX_REASON}
            placeholder="Reason, if you like"
            ref={focusFirst}
          />
          <Button type="submit" disabled={busy}>
            Deny
          </Button>
          <Button type="button" onClick={() => setDenying(false)}>
            Back
          </Button>
        </form>
      ) : (
        <div className="decision-choices">
          <Button type="button" look="primary" disabled={busy} onClick={() => send({ approved: true })}>
            Approve
          </Button>
          <Button type="button" disabled={busy} onClick={() => setDenying(true)}>
            Deny…
          </Button>
        </div>
      )}
      <Failure error={error} />
    </fieldset>
  );
}

/** A question of the model with its choices. */
export function Question({ input, decide }: { input: unknown; decide: Decide }) {
  const { busy, error, send } = useSend(decide);
  const asked = askUserInput.safeParse(input);
  if (!asked.success) return null;
  const { question, choices, allowOther } = asked.data;
  const other = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const answer = new FormData(event.currentTarget).get("answer");
    if (typeof answer === "string" && answer.trim()) send({ answer: answer.trim() });
  };
  return (
    <fieldset className="decision">
      <legend className="unseen">Question</legend>
      <p className="decision-question">{question}</p>
      <div className="decision-choices">
        {choices.map((choice) => (
          <Button key={choice} type="button" disabled={busy} onClick={() => send({ answer: choice })}>
            {choice}
          </Button>
        ))}
      </div>
      {allowOther && (
        <form onSubmit={other} className="decision-own">
          <label className="unseen" htmlFor="own-answer">
            Another answer
          </label>
          <input
            id="own-answer"
            name="answer"
            maxLength={4000}
            placeholder="Another answer"
            autoComplete="off"
          />
          <Button type="submit" disabled={busy}>
            Answer
          </Button>
        </form>
      )}
      <Failure error={error} />
    </fieldset>
  );
}

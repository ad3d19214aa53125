import { useId, useState, type FormEvent, type ReactNode } from "react";
import type { Waiting } from "#app/chat/decision-context.tsx";
import { askUserInput } from "#app/shared/chat-tools.ts";
import { MAX_ANSWER, MAX_REASON, type ToolAnswer } from "#app/shared/tool-answers.ts";
import { Button } from "#app/ui/button.tsx";

/** Sends a decision once, and shows why it could not be sent. */
function useSend({ decide }: Waiting) {
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

type FormProps = {
  waiting: Waiting;
  className: string;
  /** The value of the pressed button, and what is in the form. */
  onPress: (pressed: string | null, form: FormData) => void;
  children: ReactNode;
};

/** A plain form first: the page that the server renders can be decided before, and without, its scripts. */
function DecisionForm({ waiting, className, onPress, children }: FormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") ?? null;
    onPress(pressed, new FormData(event.currentTarget));
  };
  return (
    <form method="post" action={waiting.action} className={className} onSubmit={submit}>
      <input type="hidden" name="intent" value="decide" />
      <input type="hidden" name="target" value={waiting.toolCallId} />
      {children}
    </form>
  );
}

const written = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
};

/** Approve or deny a call, with exactly what it will be given. */
export function Approval({ waiting, children }: { waiting: Waiting; children: ReactNode }) {
  const { busy, error, send } = useSend(waiting);
  const [denying, setDenying] = useState(false);
  const reasonId = useId();
  const deny = (form: FormData) => {
    const reason = written(form, "reason");
    send({ approved: false, ...(reason === "" ? {} : { reason }) });
  };
  const choose = (pressed: string | null) =>
    pressed === "deny" ? setDenying(true) : send({ approved: true });
  return (
    <fieldset className="decision">
      <legend className="unseen">Approval</legend>
      {children}
      {denying ? (
        <DecisionForm waiting={waiting} className="decision-own" onPress={(_, form) => deny(form)}>
          <label className="unseen" htmlFor={reasonId}>
            Reason
          </label>
          <input
            id={reasonId}
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
        </DecisionForm>
      ) : (
        <DecisionForm waiting={waiting} className="decision-choices" onPress={choose}>
          <Button type="submit" name="decision" value="approve" look="primary" disabled={busy}>
            Approve
          </Button>
          <Button type="submit" name="decision" value="deny" disabled={busy}>
            Deny…
          </Button>
        </DecisionForm>
      )}
      <Failure error={error} />
    </fieldset>
  );
}

/** A question of the model with its choices. */
export function Question({ input, waiting }: { input: unknown; waiting: Waiting }) {
  const { busy, error, send } = useSend(waiting);
  const ownId = useId();
  const asked = askUserInput.safeParse(input);
  if (!asked.success) return null;
  const { question, choices, allowOther } = asked.data;
  const other = (form: FormData) => {
    const answer = written(form, "answer");
    if (answer !== "") send({ answer });
  };
  return (
    <fieldset className="decision">
      <legend className="unseen">Question</legend>
      <p className="decision-question">{question}</p>
      <DecisionForm
        waiting={waiting}
        className="decision-choices"
        onPress={(answer) => answer !== null && send({ answer })}
      >
        {choices.map((choice) => (
          <Button key={choice} type="submit" name="answer" value={choice} disabled={busy}>
            {choice}
          </Button>
        ))}
      </DecisionForm>
      {allowOther && (
        <DecisionForm waiting={waiting} className="decision-own" onPress={(_, form) => other(form)}>
          <label className="unseen" htmlFor={ownId}>
            Another answer
          </label>
          <input
            id={ownId}
            name="answer"
            maxLength={MAX_ANSWER}
            placeholder="Another answer"
            autoComplete="off"
          />
          <Button type="submit" disabled={busy}>
            Answer
          </Button>
        </DecisionForm>
      )}
      <Failure error={error} />
    </fieldset>
  );
}

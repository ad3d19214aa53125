import { data, type ActionFunctionArgs, type HeadersFunction, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { refusedForm } from "#app/server/auth-route.server.ts";
import { linkDelivery } from "#app/server/mail.server.ts";
import { askForReset } from "#app/server/password-reset.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { Field } from "#app/ui/field.tsx";
import { useFirstField } from "#app/ui/use-first-field.ts";

export const meta: MetaFunction = () => [{ title: "Forgotten password – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export const loader = () => ({ delivery: linkDelivery() });

type Answer = { sent?: true; formError?: string; fieldErrors?: { email?: string } };

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await readForm(request);
  try {
    await askForReset(form, context.ip);
    return data<Answer>({ sent: true });
  } catch (error) {
    const { told, init } = refusedForm(error);
    return data<Answer>(told, init);
  }
}

const TEXTS = {
  mail: "A link that sets a new password is sent to this address, if it has an account here. It works for an hour.",
  log: "If this address has an account, a link that sets a new password is in the log of this server: data folder, logs, web.log. It works for an hour.",
  none: "This server cannot send mail. Ask whoever runs it.",
};

export default function Forgot() {
  const { delivery } = useLoaderData<typeof loader>();
  const answer: Answer | undefined = useActionData<typeof action>();
  return (
    <>
      {delivery === "none" || answer?.sent ? (
        <section className="auth-form">
          <h1>{answer?.sent ? "Look for the link" : "Forgotten password"}</h1>
          <p role={answer?.sent ? "status" : undefined}>{TEXTS[delivery]}</p>
        </section>
      ) : (
        <AskForm answer={answer} />
      )}
      <p className="auth-other">
        <Link to="/login">Back to signing in</Link>
      </p>
    </>
  );
}

function AskForm({ answer }: { answer: Answer | undefined }) {
  const busy = useNavigation().state !== "idle";
  const form = useFirstField(answer);
  return (
    <Form method="post" className="auth-form" noValidate ref={form}>
      <h1>Forgotten password</h1>
      {answer?.formError && <ErrorLine>{answer.formError}</ErrorLine>}
      <Field
        name="email"
        label="Email"
        type="email"
        autoComplete="username"
        required
        error={answer?.fieldErrors?.email}
      />
      <Button type="submit" look="primary" aria-disabled={busy}>
        Send a link
      </Button>
    </Form>
  );
}

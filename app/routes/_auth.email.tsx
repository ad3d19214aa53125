import {
  data,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { emailOfChange } from "#app/models/email-change.server.ts";
import { refusedForm, secretOfLink } from "#app/server/auth-route.server.ts";
import { confirmEmail } from "#app/server/email-change.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";

export const meta: MetaFunction = () => [{ title: "New address – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

/** Looking at it changes nothing: mail servers open links before people do. */
export async function loader({ request }: LoaderFunctionArgs) {
  const token = secretOfLink(request, "token");
  return { token, email: await emailOfChange(token) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await readForm(request);
  try {
    return await confirmEmail(form, context.ip);
  } catch (error) {
    const { told, init } = refusedForm(error);
    return data({ formError: told.formError }, init);
  }
}

export default function ConfirmEmail() {
  const { token, email } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>() as { formError?: string } | undefined;
  const busy = useNavigation().state !== "idle";
  if (email === null) return <Spent text={refused?.formError} />;
  return (
    <Form method="post" className="auth-form">
      <h1>New address</h1>
      {refused?.formError && <ErrorLine>{refused.formError}</ErrorLine>}
      <p>From now on you sign in with {email}.</p>
      <input type="hidden" name="token" value={token} />
      <Button type="submit" look="primary" aria-disabled={busy}>
        Use this address
      </Button>
    </Form>
  );
}

function Spent({ text }: { text: string | undefined }) {
  return (
    <section className="auth-form">
      <h1>This link is used up</h1>
      {text ? <ErrorLine>{text}</ErrorLine> : <p>It was used already, or is older than an hour.</p>}
      <p className="auth-other">
        <Link to="/settings">Settings</Link>
      </p>
    </section>
  );
}

import {
  data,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { refusedForm, secretOfLink } from "#app/server/auth-route.server.ts";
import { lookAtReset, resetPassword } from "#app/server/password-reset.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { Field } from "#app/ui/field.tsx";
import { useFirstField } from "#app/ui/use-first-field.ts";

export const meta: MetaFunction = () => [{ title: "New password – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export async function loader({ request }: LoaderFunctionArgs) {
  const token = secretOfLink(request, "token");
  return { token, ...(await lookAtReset(token)) };
}

type Refused = { formError?: string; fieldErrors?: { newPassword?: string } };

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await readForm(request);
  try {
    return await resetPassword(form, context.ip);
  } catch (error) {
    const { told, init } = refusedForm(error);
    return data<Refused>(told, init);
  }
}

export default function Reset() {
  const { token, open, connected } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>() as Refused | undefined;
  return open ? (
    <ResetForm token={token} connected={connected} refused={refused} />
  ) : (
    <section className="auth-form">
      <h1>This link is used up</h1>
      <p>It was used already, or is older than an hour.</p>
      <p className="auth-other">
        <Link to="/forgot">Ask for a new one</Link>
      </p>
    </section>
  );
}

const HINT = "At least 8 characters. It signs all your devices out";
const DISCONNECTS =
  ", and disconnects the accounts elsewhere that sign you in: connect yours again in the settings";

type ResetFormProps = { token: string; connected: boolean; refused: Refused | undefined };

function ResetForm({ token, connected, refused }: ResetFormProps) {
  const busy = useNavigation().state !== "idle";
  const form = useFirstField(refused);
  return (
    <Form method="post" className="auth-form" noValidate ref={form}>
      <h1>New password</h1>
      {refused?.formError && <ErrorLine>{refused.formError}</ErrorLine>}
      <input type="hidden" name="token" value={token} />
      <Field
        name="newPassword"
        label="New password"
        type="password"
        autoComplete="new-password"
        required
        hint={`${HINT}${connected ? DISCONNECTS : ""}.`}
        error={refused?.fieldErrors?.newPassword}
      />
      <Button type="submit" look="primary" aria-disabled={busy}>
        Set password
      </Button>
    </Form>
  );
}

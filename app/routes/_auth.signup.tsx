import type { ActionFunctionArgs, HeadersFunction, MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { authAction, authLoader } from "#app/server/auth-route.server.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { Field } from "#app/ui/field.tsx";
import { ProviderLinks } from "#app/ui/provider-links.tsx";
import { useFirstField } from "#app/ui/use-first-field.ts";

export const meta: MetaFunction = () => [{ title: "Create an account – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export const loader = authLoader;

export const action = (args: ActionFunctionArgs) => authAction("sign-up", args);

export default function SignUp() {
  const { redirectTo, invite, signUp, providers } = useLoaderData<typeof loader>();
  const admitted = signUp === "open" || signUp === "invited";
  return (
    <>
      {admitted ? <SignUpForm redirectTo={redirectTo} invite={invite} /> : <NoForm why={signUp} />}
      {admitted && <ProviderLinks providers={providers} redirectTo={redirectTo} invite={invite} />}
      <p className="auth-other">
        Have an account? <Link to={`/login?${new URLSearchParams({ redirectTo })}`}>Sign in</Link>
      </p>
    </>
  );
}

const REASONS = {
  closed: {
    title: "Sign-up is closed",
    text: "No new accounts can be made here at the moment. Ask whoever runs this server for one.",
  },
  invite: {
    title: "By invitation",
    text: "New accounts need an invitation. Ask whoever runs this server for a link.",
  },
  spent: {
    title: "This link is used up",
    text: "The invitation was used already, or is no longer valid. Ask for a new link.",
  },
};

function NoForm({ why }: { why: keyof typeof REASONS }) {
  const { title, text } = REASONS[why];
  return (
    <section className="auth-form">
      <h1>{title}</h1>
      <p>{text}</p>
    </section>
  );
}

function SignUpForm({ redirectTo, invite }: { redirectTo: string; invite: string }) {
  const refused = useActionData<typeof action>();
  const busy = useNavigation().state !== "idle";
  const form = useFirstField(refused);
  const errors = refused?.fieldErrors;
  return (
    <Form method="post" className="auth-form" noValidate ref={form}>
      <h1>Create an account</h1>
      {refused?.formError && <ErrorLine>{refused.formError}</ErrorLine>}
      <input type="hidden" name="redirectTo" value={redirectTo} />
      <input type="hidden" name="invite" value={invite} />
      <Field
        name="name"
        label="Name"
        autoComplete="name"
        required
        defaultValue={refused?.values.name}
        error={errors?.name}
      />
      <Field
        name="email"
        label="Email"
        type="email"
        autoComplete="username"
        required
        defaultValue={refused?.values.email}
        error={errors?.email}
      />
      <Field
        name="password"
        label="Password"
        type="password"
        autoComplete="new-password"
        required
        hint="At least 8 characters. A few unrelated words work well."
        error={errors?.password}
      />
      <Button type="submit" look="primary" aria-disabled={busy}>
        Create account
      </Button>
    </Form>
  );
}

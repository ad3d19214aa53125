import type { ActionFunctionArgs, HeadersFunction, MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation, useSearchParams } from "@remix-run/react";
import { authAction, authLoader } from "#app/server/auth-route.server.ts";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { Field } from "#app/ui/field.tsx";
import { ProviderLinks } from "#app/ui/provider-links.tsx";
import { useFirstField } from "#app/ui/use-first-field.ts";

export const meta: MetaFunction = () => [{ title: "Sign in – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

export const loader = authLoader;

export const action = (args: ActionFunctionArgs) => authAction("sign-in", args);

export default function Login() {
  const { redirectTo, signUp, providers, problem } = useLoaderData<typeof loader>();
  const refused = useActionData<typeof action>();
  const reset = useSearchParams()[0].get("reset") === "done" && !refused;
  const busy = useNavigation().state !== "idle";
  const form = useFirstField(refused);
  return (
    <>
      <Form method="post" className="auth-form" noValidate ref={form}>
        <h1>Sign in</h1>
        {reset && <output className="settings-done">Your new password is set. Sign in with it.</output>}
        {problem && !refused && <ErrorLine>{problem}</ErrorLine>}
        {refused?.formError && <ErrorLine>{refused.formError}</ErrorLine>}
        <input type="hidden" name="redirectTo" value={redirectTo} />
        <Field
          name="email"
          label="Email"
          type="email"
          autoComplete="username"
          required
          defaultValue={refused?.values.email}
          error={refused?.fieldErrors?.email}
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          error={refused?.fieldErrors?.password}
        />
        <Button type="submit" look="primary" aria-disabled={busy}>
          Sign in
        </Button>
      </Form>
      <ProviderLinks providers={providers} redirectTo={redirectTo} />
      <p className="auth-other">
        <Link to="/forgot">Forgotten your password?</Link>
      </p>
      {signUp === "open" && (
        <p className="auth-other">
          No account yet? <Link to={`/signup?${new URLSearchParams({ redirectTo })}`}>Make one</Link>
        </p>
      )}
    </>
  );
}

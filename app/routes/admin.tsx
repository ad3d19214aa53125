import {
  data,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Link, useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { Invites } from "#app/admin/invites.tsx";
import { UserList } from "#app/admin/user-list.tsx";
import { adminPage, answerAdmin } from "#app/server/admin.server.ts";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { requireAdmin } from "#app/server/auth.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { ErrorLine } from "#app/ui/error-panel.tsx";
import { RouteError } from "#app/ui/route-error.tsx";

export const meta: MetaFunction = () => [{ title: "Accounts – Longrun" }];

export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

/** For admins alone; nobody else learns that the page exists. */
export async function loader({ request }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request);
  return { ...(await adminPage(request)), own: admin.id };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request);
  const form = await readForm(request);
  try {
    return await answerAdmin({ admin, request, ip: context.ip }, form);
  } catch (error) {
    if (!(error instanceof AuthFormError)) throw error;
    return data({ formError: error.told.formError }, { status: error.status });
  }
}

const DONE: Record<string, string> = {
  "account-disabled": "The account is disabled. It is signed out everywhere, and its answers are stopped.",
  "account-enabled": "The account can be used again.",
  "role-change": "The role is changed.",
  "invite-revoked": "The invitation is revoked.",
};

type Returned = { formError?: string; link?: string };

export default function Admin() {
  const page = useLoaderData<typeof loader>();
  const returned = useActionData<typeof action>() as Returned | undefined;
  const done = DONE[useSearchParams()[0].get("done") ?? ""];
  return (
    <main className="settings">
      <header className="settings-head">
        <Link to="/chats" className="settings-back">
          Back to your chats
        </Link>
        <h1>Accounts</h1>
        {returned?.formError && <ErrorLine>{returned.formError}</ErrorLine>}
        {!returned && done && <output className="settings-done">{done}</output>}
      </header>
      <UserList {...page} />
      <Invites list={page.invites} signUp={page.signUp} link={returned?.link} />
    </main>
  );
}

export function ErrorBoundary() {
  return (
    <main className="lone">
      <RouteError />
    </main>
  );
}

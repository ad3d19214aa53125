import {
  data,
  type ActionFunctionArgs,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import { Link, useActionData, useLoaderData } from "@remix-run/react";
import { ChatsSection } from "#app/settings/chats-section.tsx";
import { DeleteAccount } from "#app/settings/delete-account.tsx";
import { EmailForm } from "#app/settings/email-form.tsx";
import { LimitsUsed } from "#app/settings/limits-used.tsx";
import { ModelForm } from "#app/settings/model-form.tsx";
import { PasswordForm } from "#app/settings/password-form.tsx";
import { ProfileForm } from "#app/settings/profile-form.tsx";
import { SignInWays } from "#app/settings/sign-in-ways.tsx";
import { SignIns } from "#app/settings/sign-ins.tsx";
import { AuthFormError } from "#app/server/auth-form.server.ts";
import { requireUser } from "#app/server/auth.server.ts";
import { intentOf } from "#app/server/intents.ts";
import { limitsUsed } from "#app/server/limits.server.ts";
import { linkDelivery } from "#app/server/mail.server.ts";
import { signInWaysOf } from "#app/server/sign-in-ways.server.ts";
import { answerSettings, signInsOf } from "#app/server/settings.server.ts";
import { defaultChoice } from "#app/server/model-choice.server.ts";
import { readForm } from "#app/server/read-form.server.ts";
import { isChatId } from "#app/shared/chat-id.ts";
import { missedOf } from "#app/shared/files-missed.ts";

export const meta: MetaFunction = () => [{ title: "Settings – Longrun" }];

/** Retry-After must reach the browser. */
export const headers: HeadersFunction = ({ actionHeaders }) => actionHeaders;

/** One's own account, and the browsers that are signed in to it. `?saved=` names the form that was just saved. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request);
  const { searchParams } = new URL(request.url);
  const saved = searchParams.get("saved");
  const chat = searchParams.get("chat");
  const imported = {
    missed: saved === "imported" ? missedOf(searchParams) : {},
    chatId: isChatId(chat) ? chat : null,
  };
  const [signIns, ways, choice, limits] = await Promise.all([
    signInsOf({ user, request }),
    signInWaysOf({ user, request }),
    defaultChoice(user.id),
    limitsUsed(user.id),
  ]);
  const delivery = linkDelivery();
  return { name: user.name, email: user.email, signIns, ways, delivery, choice, limits, saved, imported };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const user = await requireUser(request);
  const form = await readForm(request);
  try {
    return await answerSettings({ user, request, ip: context.ip }, form);
  } catch (error) {
    if (!(error instanceof AuthFormError)) throw error;
    const headers = error.retryAfter ? { "Retry-After": String(error.retryAfter) } : undefined;
    const provider = form.get("provider");
    const refused = {
      intent: intentOf("routes/settings", form),
      provider: typeof provider === "string" ? provider : "",
      ...error.told,
    };
    return data(refused, { status: error.status, ...(headers ? { headers } : {}) });
  }
}

export default function Settings() {
  const { name, email, signIns, ways, delivery, choice, limits, saved, imported } =
    useLoaderData<typeof loader>();
  const returned = useActionData<typeof action>();
  const refusedBy = (intent: string) => (returned?.intent === intent ? returned : undefined);
  const savedBy = (form: string) => !returned && saved === form;
  const { hasPassword, fresh, providers, problem } = ways;
  const by = providers.find(({ label }) => label !== null) ?? null;
  const proof = { hasPassword, fresh, by };
  return (
    <main className="settings">
      <header className="settings-head">
        <Link to="/chats" className="settings-back">
          Back to your chats
        </Link>
        <h1>Settings</h1>
      </header>
      <ProfileForm name={name} refused={refusedBy("profile")} saved={savedBy("profile")} />
      <ModelForm choice={choice} refused={refusedBy("model")} saved={savedBy("model")} />
      <EmailForm
        email={email}
        proof={proof}
        delivery={delivery}
        refused={refusedBy("email")}
        saved={savedBy("email-asked") ? "asked" : savedBy("email") ? "done" : null}
      />
      <PasswordForm email={email} proof={proof} refused={refusedBy("password")} saved={savedBy("password")} />
      <SignInWays
        providers={providers}
        proof={proof}
        problem={returned ? null : problem}
        refused={refusedBy("connect")}
        disconnectRefused={refusedBy("disconnect")}
        done={savedBy("connected") ? "connected" : savedBy("disconnected") ? "disconnected" : null}
      />
      <SignIns list={signIns} saved={savedBy("sign-ins")} />
      <LimitsUsed limits={limits} />
      <ChatsSection refused={saved === "import-refused"} imported={imported} />
      <DeleteAccount email={email} proof={proof} refused={refusedBy("delete")} />
    </main>
  );
}

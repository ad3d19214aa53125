import { OwnPassword, type Proof } from "#app/settings/own-password.tsx";
import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { ErrorLine } from "#app/ui/error-panel.tsx";

type Way = { id: string; name: string; label: string | null };

type Props = {
  providers: Way[];
  proof: Proof;
  problem: string | null;
  refused: Refused & { provider?: string };
  disconnectRefused: Refused;
  done: "connected" | "disconnected" | null;
};

/** Accounts elsewhere by which one signs in here; nothing where none is configured. */
export function SignInWays({ providers, proof, problem, refused, disconnectRefused, done }: Props) {
  if (providers.length === 0) return null;
  return (
    <Section
      id="sign-in-ways"
      title="Other ways to sign in"
      text="An account elsewhere signs you in once you have connected it here. The same email address alone does not."
    >
      {done && <Done>{done === "connected" ? "It is connected." : "It is disconnected."}</Done>}
      {problem && <ErrorLine>{problem}</ErrorLine>}
      {disconnectRefused?.formError && <ErrorLine>{disconnectRefused.formError}</ErrorLine>}
      <ul className="sign-ins">
        {providers.map((way) => (
          <li key={way.id}>
            {way.label === null ? (
              <Connect way={way} proof={proof} refused={refused?.provider === way.id ? refused : undefined} />
            ) : (
              <Connected {...way} />
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Connect({ way, proof, refused }: { way: Way; proof: Proof; refused: Refused }) {
  return (
    <details className="settings-danger" open={refused ? true : undefined}>
      <summary className="button">Connect {way.name}…</summary>
      <SettingsForm intent="connect" section="sign-in-ways" refused={refused}>
        {(busy) => (
          <>
            <input type="hidden" name="provider" value={way.id} />
            <OwnPassword
              name="connectPassword"
              id={`connect-${way.id}`}
              label="Your password here"
              proof={proof}
              error={refused?.fieldErrors?.connectPassword}
            />
            <Button type="submit" aria-disabled={busy}>
              Continue to {way.name}
            </Button>
          </>
        )}
      </SettingsForm>
    </details>
  );
}

function Connected({ id, name, label }: Way) {
  return (
    <>
      <div>
        <p className="sign-in-device">{name}</p>
        <p className="hint">{label}</p>
      </div>
      <SettingsForm intent="disconnect" section="sign-in-ways">
        {(busy) => (
          <>
            <input type="hidden" name="provider" value={id} />
            <Button type="submit" aria-disabled={busy} aria-label={`Disconnect ${name}`}>
              Disconnect
            </Button>
          </>
        )}
      </SettingsForm>
    </>
  );
}

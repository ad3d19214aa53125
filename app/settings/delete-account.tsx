import { OwnPassword, type Proof } from "#app/settings/own-password.tsx";
import { Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { Field } from "#app/ui/field.tsx";

/** Asks for the password and the address before everything goes. */
export function DeleteAccount({ email, proof, refused }: { email: string; proof: Proof; refused: Refused }) {
  const errors = refused?.fieldErrors;
  return (
    <Section
      id="delete"
      title="Delete account"
      text="Ends every chat and deletes it with your account. This cannot be undone: download your chats first."
    >
      <details className="settings-danger" open={refused ? true : undefined}>
        <summary className="button">Delete my account…</summary>
        <SettingsForm intent="delete" section="delete" refused={refused}>
          {(busy) => (
            <>
              <OwnPassword
                name="deletePassword"
                label="Your password"
                proof={proof}
                error={errors?.deletePassword}
              />
              <Field
                name="confirmation"
                label="Your email address, to confirm"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                required
                hint={`Type ${email}`}
                error={errors?.confirmation}
              />
              <Button type="submit" look="danger" aria-disabled={busy}>
                {busy ? "Deleting…" : "Delete account and all chats"}
              </Button>
            </>
          )}
        </SettingsForm>
      </details>
    </Section>
  );
}

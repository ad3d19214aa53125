import { OwnPassword, type Proof } from "#app/settings/own-password.tsx";
import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm, type Refused } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { Field } from "#app/ui/field.tsx";

type Props = { email: string; proof: Proof; refused: Refused; saved: boolean };

export function PasswordForm({ email, proof, refused, saved }: Props) {
  const errors = refused?.fieldErrors;
  return (
    <Section
      id="password"
      title="Password"
      text={
        proof.hasPassword
          ? "A new password signs all your other devices out."
          : "Your account has none yet. Once it has, you sign in with your address and it too."
      }
    >
      {saved && <Done>Your password is changed, and your other devices are signed out.</Done>}
      <SettingsForm intent="password" section="password" refused={refused} saved={saved}>
        {(busy) => (
          <>
            {/* For password managers: whose password this is. */}
            <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
            <OwnPassword
              name="currentPassword"
              label="Current password"
              proof={proof}
              error={errors?.currentPassword}
            />
            <Field
              name="newPassword"
              label="New password"
              type="password"
              autoComplete="new-password"
              required
              hint="At least 8 characters. A few unrelated words work well."
              error={errors?.newPassword}
            />
            <Button type="submit" aria-disabled={busy}>
              {proof.hasPassword ? "Change password" : "Set password"}
            </Button>
          </>
        )}
      </SettingsForm>
    </Section>
  );
}

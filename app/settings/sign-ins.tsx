import { Done, Section } from "#app/settings/section.tsx";
import { SettingsForm } from "#app/settings/settings-form.tsx";
import { Button } from "#app/ui/button.tsx";

type SignIn = { id: string; device: string; lastUse: string; current: boolean };

/** Where the account is signed in, and the end of it. */
export function SignIns({ list, saved }: { list: SignIn[]; saved: boolean }) {
  return (
    <Section id="sign-ins" title="Signed-in devices" text="End whatever you do not know or no longer use.">
      {saved && <Done>Signed out there.</Done>}
      <ul className="sign-ins">
        {list.map((signIn) => (
          <li key={signIn.id}>
            <div>
              <p className="sign-in-device">{signIn.device}</p>
              <p className="hint">{signIn.current ? "This device" : `Last used ${signIn.lastUse}`}</p>
            </div>
            {!signIn.current && <EndOne {...signIn} />}
          </li>
        ))}
      </ul>
      {list.length > 1 && (
        <SettingsForm intent="end-others" section="sign-ins">
          {(busy) => (
            <Button type="submit" aria-disabled={busy}>
              Sign out all other devices
            </Button>
          )}
        </SettingsForm>
      )}
    </Section>
  );
}

function EndOne({ id, device, lastUse }: SignIn) {
  return (
    <SettingsForm intent="end-sign-in" section="sign-ins">
      {(busy) => (
        <>
          <input type="hidden" name="id" value={id} />
          <Button type="submit" aria-disabled={busy} aria-label={`Sign out ${device}, last used ${lastUse}`}>
            Sign out
          </Button>
        </>
      )}
    </SettingsForm>
  );
}

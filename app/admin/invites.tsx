import { AdminForm } from "#app/admin/admin-form.tsx";
import { Button } from "#app/ui/button.tsx";
import { useCopy } from "#app/ui/use-copy.ts";

type Invite = {
  id: string;
  by: string | null;
  made: string;
  until: string;
  state: "open" | "used" | "expired";
  usedBy: string | null;
};

type Props = { list: Invite[]; signUp: "open" | "invite" | "closed"; link: string | undefined };

const HOW = {
  open: "Anybody can make an account at the moment. Set SIGNUP=invite so that only these links make one.",
  invite: "Each link makes one account, within a week.",
  closed: "Nobody can make an account at the moment. Set SIGNUP=invite so that these links make one.",
};

/** Links that make an account. A new one is shown once. */
export function Invites({ list, signUp, link }: Props) {
  return (
    <section className="admin-section" aria-labelledby="invites-title">
      <h2 id="invites-title">Invitations</h2>
      <p className="hint">{HOW[signUp]}</p>
      {signUp === "invite" && <AdminForm intent="invite" label="New invitation" look="primary" />}
      {link && <NewLink link={link} />}
      {list.length > 0 && (
        <ul className="admin-list">
          {list.map((invite) => (
            <li key={invite.id}>
              <div className="admin-facts">
                <p>{stateOf(invite)}</p>
                <p className="hint">
                  Made {invite.made}
                  {invite.by && ` by ${invite.by}`}
                </p>
              </div>
              {invite.state !== "used" && (
                <AdminForm
                  intent="revoke"
                  id={invite.id}
                  label={invite.state === "open" ? "Revoke" : "Remove"}
                  about={`invitation of ${invite.made}`}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function stateOf({ state, until, usedBy }: Invite): string {
  if (state === "used") return usedBy ? `Used by ${usedBy}` : "Used; the account is gone";
  return state === "open" ? `Open until ${until}` : `Expired on ${until}`;
}

function NewLink({ link }: { link: string }) {
  const { copied, copy } = useCopy(() => link);
  return (
    <div className="admin-link">
      <div className="field">
        <label htmlFor="invite-link">Send this link to one person. It is not shown again.</label>
        <input id="invite-link" readOnly value={link} />
      </div>
      <Button onClick={copy}>{copied ? "Copied" : "Copy link"}</Button>
    </div>
  );
}

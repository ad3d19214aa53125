import { Form, Link } from "@remix-run/react";
import { AdminForm } from "#app/admin/admin-form.tsx";
import { Button } from "#app/ui/button.tsx";

type AdminUser = {
  id: string;
  name: string;
  email: string;
  role: "member" | "admin";
  disabled: boolean;
  since: string;
  lastUse: string | null;
  chats: number;
  messages: number;
  tokens: number;
  errors: number;
};

type Props = {
  users: AdminUser[];
  search: string;
  page: number;
  pages: number;
  total: number;
  /** The id of the admin who looks. */
  own: string;
};

/** Who has an account here: what they use, never what they write. */
export function UserList({ users, search, page, pages, total, own }: Props) {
  return (
    <section className="admin-section" aria-label="Accounts">
      <Form className="admin-search" action="/admin">
        <div className="field">
          <input
            type="search"
            name="search"
            aria-label="Name or email address"
            placeholder="Name or email address"
            defaultValue={search}
            key={search}
          />
        </div>
        <Button type="submit">Search</Button>
      </Form>
      <p className="hint">{total === 1 ? "1 account" : `${number(total)} accounts`}</p>
      <ul className="admin-list">
        {users.map((user) => (
          <UserRow key={user.id} user={user} own={user.id === own} />
        ))}
      </ul>
      {pages > 1 && <Pages {...{ search, page, pages }} />}
    </section>
  );
}

const number = (value: number) => value.toLocaleString("en");

function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

function UserRow({ user, own }: { user: AdminUser; own: boolean }) {
  const { id, name, email, role, disabled } = user;
  const facts = [
    counted(user.chats, "chat"),
    counted(user.messages, "message"),
    counted(user.tokens, "token"),
    counted(user.errors, "failed answer"),
  ];
  return (
    <li data-user={email}>
      <div className="admin-facts">
        <p className="admin-name">
          <strong>{name}</strong>
          {own && <span className="badge">You</span>}
          {role === "admin" && <span className="badge">Admin</span>}
          {disabled && <span className="badge danger">Disabled</span>}
        </p>
        <p className="admin-email">{email}</p>
        <p className="hint">{facts.join(" · ")}</p>
        <p className="hint">
          Since {user.since} · {user.lastUse ? `last used ${user.lastUse}` : "never signed in"}
        </p>
      </div>
      <div className="admin-acts">
        {role === "admin" ? (
          <AdminForm intent="make-member" id={id} label="Make member" about={email} />
        ) : (
          <AdminForm intent="make-admin" id={id} label="Make admin" about={email} />
        )}
        {disabled && <AdminForm intent="enable" id={id} label="Enable" about={email} />}
        {!disabled && !own && (
          <AdminForm intent="disable" id={id} label="Disable" about={email} look="danger" />
        )}
      </div>
    </li>
  );
}

function Pages({ search, page, pages }: { search: string; page: number; pages: number }) {
  const to = (target: number) => `/admin?${new URLSearchParams({ search, page: String(target) })}`;
  return (
    <nav className="admin-pages" aria-label="Pages">
      {page > 1 && <Link to={to(page - 1)}>Newer</Link>}
      <span className="hint">
        Page {number(page)} of {number(pages)}
      </span>
      {page < pages && <Link to={to(page + 1)}>Older</Link>}
    </nav>
  );
}

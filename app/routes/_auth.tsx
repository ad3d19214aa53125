import { Outlet } from "@remix-run/react";

export default function AuthLayout() {
  return (
    <main className="auth">
      <header className="auth-head">
        <p className="wordmark">Longrun</p>
        <p>Conversations that go on, whatever happens to the tab, the network or the server.</p>
      </header>
      <Outlet />
    </main>
  );
}

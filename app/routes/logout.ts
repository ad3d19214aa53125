import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { signOut } from "#app/server/auth.server.ts";

/** A link must not sign anyone out. */
export const loader = () => redirect("/chats");

export const action = ({ request }: ActionFunctionArgs) => signOut(request);

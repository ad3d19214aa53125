import { health } from "#app/server/health.server.ts";

/** 200 once a message can be sent and answered; 503 with what is missing until then. */
export async function loader(): Promise<Response> {
  const answer = await health();
  return Response.json(answer, { status: answer.ok ? 200 : 503 });
}

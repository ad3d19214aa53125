import { readPacket, writePacket } from "../../runs/packet-store.ts";
import type { RunEngine } from "../../runs/run-engine.ts";
import { findRun } from "../../runs/run-store.ts";
import { json } from "../answer.ts";
import { readBody } from "../body.ts";
import { badRequest, notFound } from "../errors.ts";
import { packetUrl, signedPacket, type PacketUrlSettings } from "../packet-urls.ts";
import type { RequestContext, Route } from "../router.ts";
import { assertRunAccess } from "../run-access.ts";

export type PacketDeps = { runs: RunEngine; urls: PacketUrlSettings };

const maxPacketBytes = 64 * 1024 * 1024;
const maxPathLength = 1024;

/** Payloads and outputs over 128 KiB: the SDK uploads them here and hands around their path. */
export function packetRoutes({ runs, urls }: PacketDeps): Route[] {
  return [
    {
      method: "PUT",
      path: "/api/v2/packets/:path",
      access: "secret",
      handler: async (c) => {
        const storagePath = c.params["path"] ?? "";
        if (storagePath.length > maxPathLength)
          throw badRequest(`The name of a packet has at most ${maxPathLength} characters.`);
        json(c, 200, { presignedUrl: packetUrl(c, urls, "PUT", storagePath), storagePath });
      },
    },
    {
      method: "GET",
      path: "/api/v1/packets/:path",
      access: "secret",
      handler: async (c) => json(c, 200, { presignedUrl: packetUrl(c, urls, "GET", c.params["path"] ?? "") }),
    },
    ...(["payload", "output"] as const).map((field): Route => ({
      method: "GET",
      path: `/api/v1/runs/:run/packets/${field}`,
      access: "jwt-or-secret",
      realtime: true,
      handler: async (c) => {
        const run = await findRun(runs.db, c.params["run"] ?? "");
        if (!run) throw notFound("Run not found.");
        assertRunAccess(c.credential, "read", run);
        const type = field === "payload" ? run.payloadType : run.outputType;
        const path = run[field];
        if (type !== "application/store" || path === null) throw notFound("The run has no such packet.");
        json(c, 200, { presignedUrl: packetUrl(c, urls, "GET", path) });
      },
    })),
    {
      method: "GET",
      path: "/packets/:path",
      access: "signed",
      realtime: true,
      handler: (c) => download(c, { runs, urls }),
    },
    { method: "PUT", path: "/packets/:path", access: "signed", handler: (c) => upload(c, { runs, urls }) },
  ];
}

async function download(c: RequestContext, { runs, urls }: PacketDeps): Promise<void> {
  const packet = await readPacket(runs.db, signedPacket(c, urls, "GET"));
  if (!packet) throw notFound("There is no such packet.");
  c.res.writeHead(200, { "content-type": packet.contentType, "content-length": packet.body.length });
  c.res.end(packet.body);
}

async function upload(c: RequestContext, { runs, urls }: PacketDeps): Promise<void> {
  const path = signedPacket(c, urls, "PUT");
  const body = await readBody(c, { limit: maxPacketBytes });
  const contentType = c.req.headers["content-type"] ?? "application/json";
  await writePacket(runs.db, path, { contentType, body });
  json(c, 200, {});
}

import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that speaks as much of S3 as the attachment store uses, and checks every signature by itself. */
export interface S3Server {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** What it holds, by the path below the bucket. */
  objects: Map<string, Buffer>;
  /** The next request is answered with this status. */
  failNext: (status: number) => void;
  stop(): Promise<void>;
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

export async function startS3Server(): Promise<S3Server> {
  const access = { region: "eu-test-1", accessKeyId: "AKTEST", secretAccessKey: "a secret of the tests" };
  const bucket = "longrun-files";
  const objects = new Map<string, Buffer>();
  const failures: number[] = [];
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => response.writeHead(status).end(body));
  });

  const answer = async (request: IncomingMessage): Promise<{ status: number; body?: Buffer }> => {
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    const failure = failures.shift();
    if (failure !== undefined) return { status: failure };
    if (!isSigned(request, body, access)) return { status: 403 };
    const { pathname } = new URL(request.url ?? "/", "http://s3");
    if (!pathname.startsWith(`/${bucket}/`)) return { status: 404 };
    const key = pathname.slice(bucket.length + 2);
    if (request.method === "PUT") {
      objects.set(key, body);
      return { status: 200 };
    }
    if (request.method === "DELETE") {
      objects.delete(key);
      return { status: 204 };
    }
    const found = objects.get(key);
    return found ? { status: 200, body: found } : { status: 404 };
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...access,
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    objects,
    failNext: (status) => failures.push(status),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** AWS Signature Version 4, reckoned anew from the request as it came, its body included. */
function isSigned(
  request: IncomingMessage,
  body: Buffer,
  access: { region: string; accessKeyId: string; secretAccessKey: string },
): boolean {
  const { headers, method = "", url = "/" } = request;
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day = "", region, names = "", signature] = given.exec(headers.authorization ?? "") ?? [];
  if (id !== access.accessKeyId || region !== access.region) return false;
  const hash = String(headers["x-amz-content-sha256"]);
  if (hash !== "UNSIGNED-PAYLOAD" && hash !== sha256(body)) return false;
  if (!names.split(";").includes("host")) return false;
  const { pathname } = new URL(url, "http://s3");
  const lines = names.split(";").map((name) => `${name}:${String(headers[name]).replace(/\s+/g, " ")}`);
  const canonical = [method, pathname, "", ...lines, "", names, hash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", String(headers["x-amz-date"]), scope, sha256(canonical)].join("\n");
  const key = ["s3", "aws4_request"].reduce(
    (before, text) => hmac(before, text),
    hmac(hmac(`AWS4${access.secretAccessKey}`, day), region),
  );
  return hmac(key, toSign).toString("hex") === signature;
}

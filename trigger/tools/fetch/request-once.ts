import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { FetchRefused, isExempt } from "#trigger/tools/fetch/allowed-url.ts";
import { isPublicAddress } from "#trigger/tools/fetch/public-address.ts";

type Resolved = { address: string; family: number };
/** Finds the addresses of a name; a test gives another one. */
export type Resolve = (hostname: string) => Promise<Resolved[]>;

const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/** One address of the host, all of them having been found public. Throws FetchRefused. */
async function publicAddressOf(url: URL, resolve: Resolve): Promise<Resolved> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const family = isIP(hostname);
  const found = family ? [{ address: hostname, family }] : await resolve(hostname).catch(() => []);
  const [first] = found;
  if (!first) throw new FetchRefused(`There is no host named ${hostname}.`);
  // One private address among public ones is a trap, too: which one is used would be chance.
  if (!isExempt(url) && !found.every(({ address }) => isPublicAddress(address))) {
    throw new FetchRefused(`${hostname} is not on the public internet, so it is not read.`);
  }
  return first;
}

/**
 * One GET without following anything. The name is resolved once and the connection goes to the address that was
 * checked, so that a name that changes its mind (rebinding) changes nothing.
 */
export async function requestOnce(
  url: URL,
  signal: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<http.IncomingMessage> {
  const target = await publicAddressOf(url, resolve);
  signal.throwIfAborted();
  const { request } = url.protocol === "https:" ? https : http;
  return await new Promise((done, fail) => {
    const asked = request(url, {
      signal,
      // No shared agent: a kept connection could lead to another address, and no proxy of the environment is used.
      agent: false,
      lookup: (_host, options, callback) => {
        if (options.all) callback(null, [target]);
        else callback(null, target.address, target.family);
      },
      maxHeaderSize: 32 * 1024,
      headers: {
        "User-Agent": "Longrun/0.1 (reads a page for a person)",
        Accept: "text/html, application/xhtml+xml, text/plain, application/json;q=0.9",
        "Accept-Encoding": "gzip, deflate, br",
      },
    });
    asked.once("error", fail);
    asked.once("response", done);
    asked.end();
  });
}

const DECOMPRESS: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The body after decompression, at most `max` bytes of it; what unpacks to more than that is cut, not kept. */
export async function readBody(
  response: http.IncomingMessage,
  max: number,
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const encoding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const unpack = DECOMPRESS[encoding];
  if (!unpack && encoding !== "identity")
    throw new FetchRefused(`The page is packed as ${encoding}, which is not read.`);
  const body = (unpack ? response.pipe(unpack()) : response) as Readable;
  response.once("error", (error) => body.destroy(error));
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece.subarray(0, max - size));
    size += piece.length;
    if (size <= max) continue;
    response.destroy();
    return { bytes: Buffer.concat(pieces), truncated: true };
  }
  return { bytes: Buffer.concat(pieces), truncated: false };
}

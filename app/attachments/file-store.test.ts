import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startS3Server, type S3Server } from "../../tests/support/s3-server.ts";
import type { FileStore, ReceivedFile } from "./file-store.ts";
import { FolderStore } from "./folder-store.server.ts";
import { dropBroken, FileRefused, receiveFile } from "./receive-file.server.ts";
import { S3Store } from "./s3-store.server.ts";

let folder: string;
let s3: S3Server;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "longrun-files-"));
  s3 = await startS3Server();
});
afterAll(async () => {
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

async function received(content: string): Promise<ReceivedFile> {
  const at = path.join(folder, `received-${randomUUID()}`);
  await writeFile(at, content);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { path: at, size: Buffer.byteLength(content), sha256, mediaType: "text/plain" };
}

async function textOf(store: FileStore, key: string): Promise<string | null> {
  const stream = await store.open(key);
  return stream && Buffer.concat(await stream.toArray()).toString("utf8");
}

const stores: [string, () => FileStore][] = [
  ["a folder", () => new FolderStore(path.join(folder, "kept"))],
  ["a bucket", () => new S3Store(s3)],
];

describe.each(stores)("%s", (_name, make) => {
  it("gives back what was put under a key, and nothing once it was removed", async () => {
    const store = make();
    const key = randomUUID();
    expect(await textOf(store, key)).toBeNull();
    await store.put(key, await received("these words — and ümlauts"));
    expect(await textOf(store, key)).toBe("these words — and ümlauts");
    await store.remove(key);
    await store.remove(key);
    expect(await textOf(store, key)).toBeNull();
  });
});

it("the folder and its files are its owner's alone, and no key leads out of it", async () => {
  const kept = path.join(folder, "kept");
  const store = new FolderStore(kept);
  await store.put("mine", await received("private"));
  expect((await stat(kept)).mode & 0o777).toBe(0o700);
  await expect(store.open("../received")).rejects.toThrow("plain word");
});

it("a bucket that passes over a fault is asked again; a wrong secret and a lasting fault are errors", async () => {
  const store = new S3Store(s3);
  s3.failNext(503);
  await store.put("patient", await received("at last"));
  expect(s3.objects.get("attachments/patient")?.toString()).toBe("at last");
  const thief = new S3Store({ ...s3, secretAccessKey: "guessed" });
  await expect(thief.open("patient")).rejects.toThrow("answered 403");
  await expect(thief.put("patient", await received("worse"))).rejects.toThrow("answered 403");
  expect(s3.objects.get("attachments/patient")?.toString()).toBe("at last");
});

describe("a file that arrives", () => {
  const incoming = () => path.join(folder, "incoming");
  const receive = (pieces: (string | Uint8Array)[], name: string, most = 1_000) => {
    async function* source() {
      for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
    }
    return receiveFile(source(), { name, folder: incoming(), most, tooLarge: "Too large." });
  };

  it.each<[string, (string | Uint8Array)[], string]>([
    ["photo.jpg", [Uint8Array.of(0xff), Uint8Array.of(0xd8, 0xff, 0xe0, 1, 2, 3)], "image/jpeg"],
    ["moving.gif", ["GIF", "89a......"], "image/gif"],
    ["small.webp", ["RIFF....WEB", "PVP8 ...."], "image/webp"],
    ["paper.pdf", ["%PDF-1.7 ..."], "application/pdf"],
    ["page.html", ["<!doctype html>"], "text/plain"],
    ["drawing.svg", ["<svg xmlns='http://www.w3.org/2000/svg'/>"], "text/plain"],
    ["words.txt", [Buffer.from("ü").subarray(0, 1), Buffer.from("ü").subarray(1)], "text/plain"],
  ])("%s is known by what it holds", async (name, pieces, mediaType) => {
    const file = await receive(pieces, name);
    expect(file.mediaType).toBe(mediaType);
    await rm(file.path);
  });

  it.each<[string, (string | Uint8Array)[], RegExp]>([
    ["fake.png", ["<html>"], /not what its name says: its content is text/],
    [
      "fake.pdf",
      [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
      /its content is a PNG image/,
    ],
    ["program", [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0)], /cannot be attached/],
    ["cut.txt", [Buffer.from("ü").subarray(0, 1)], /cannot be attached/],
    ["nothing.txt", [], /is empty/],
    ["large.txt", ["x".repeat(600), "x".repeat(600)], /Too large/],
  ])("%s is refused, and nothing of it is left", async (name, pieces, why) => {
    await expect(receive(pieces, name)).rejects.toThrow(why);
    await expect(receive(pieces, name)).rejects.toBeInstanceOf(FileRefused);
    expect(await readdir(incoming())).toEqual([]);
  });

  it("in a process that was killed is removed by the next one, and that of a living process is not", async () => {
    await mkdir(incoming(), { recursive: true });
    await writeFile(path.join(incoming(), `${process.pid}-arriving`), "here");
    await writeFile(path.join(incoming(), "4194999-dead"), "half");
    await dropBroken(incoming());
    expect(await readdir(incoming())).toEqual([`${process.pid}-arriving`]);
    await rm(incoming(), { recursive: true });
  });
});

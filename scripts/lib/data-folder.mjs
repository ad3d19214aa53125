// DATA_DIR: what local mode keeps. Secrets are made once and never printed.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { StartError } from "./config.mjs";

/** Makes the folder and its sub-folders. Others may pass through (Postgres may run as another user) but not look in. */
export function prepareDataFolder(dataDir) {
  try {
    makeFolder(dataDir);
    fs.chmodSync(dataDir, 0o711);
    for (const name of ["run", "run/runs", "logs", "logs/runs"]) {
      fs.mkdirSync(path.join(dataDir, name), { recursive: true, mode: 0o700 });
    }
    fs.accessSync(dataDir, fs.constants.W_OK);
  } catch (error) {
    throw new StartError(
      `The data folder ${dataDir} cannot be used (${error.code}). Set DATA_DIR to a folder that you may write to.`,
    );
  }
}

/** Like a recursive mkdir, which never returns in places such as /proc where a made folder is not there. */
function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
}

/** Reads a secret of DATA_DIR, and makes it the first time. */
function secret(dataDir, name, make) {
  const file = path.join(dataDir, name);
  try {
    const value = fs.readFileSync(file, "utf8").trim();
    if (value) return value;
  } catch (error) {
    if (error.code !== "ENOENT") throw new StartError(`${file} cannot be read (${error.code}).`);
  }
  const value = make();
  writePrivate(file, value);
  return value;
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivate(file, value) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${value}\n`, { mode: 0o600 });
  fs.renameSync(draft, file);
}

/** The secrets of local mode. */
export function localSecrets(dataDir) {
  const random = () => crypto.randomBytes(32).toString("base64url");
  return {
    sessionSecret: secret(dataDir, "session-secret", random),
    // Not of the form tr_<env>_sk_<24>: for such keys the SDK would not sign tokens by itself.
    triggerSecretKey: secret(dataDir, "trigger-secret-key", () => `tr_local_${random()}`),
    triggerAccessToken: secret(
      dataDir,
      "trigger-access-token",
      () => `tr_pat_${crypto.randomBytes(20).toString("hex")}`,
    ),
  };
}

import type { Express } from "express";

/** A proxy on this machine, or a named one, may say for whom it asks; nobody else may. */
export function trustProxies(app: Express, named: string[]): void {
  app.set("trust proxy", ["loopback", ...named]);
}

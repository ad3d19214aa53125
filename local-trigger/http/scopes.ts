import type { Credential } from "./credentials.ts";

/** Without an id: all resources of that type. */
export type Resource = { type: string; id?: string };

/**
 * Whether the credential may do `action` on at least one of the resources. The secret key may do everything.
 * Scope grammar `action:type[:id]`, only the first two colons split; bare "admin" opens everything.
 */
export function allows(credential: Credential | null, action: string, resources: Resource[]): boolean {
  if (credential?.kind === "secret") return true;
  if (credential?.kind !== "jwt") return false;
  return credential.scopes.some((scope) => resources.some((resource) => covers(scope, action, resource)));
}

function covers(scope: string, action: string, resource: Resource): boolean {
  if (scope === "admin") return true;
  const [scopeAction, type, ...rest] = scope.split(":");
  if (!type || (scopeAction !== "*" && scopeAction !== action)) return false;
  if (type !== "all" && type !== resource.type) return false;
  return rest.length === 0 || rest.join(":") === resource.id;
}

export class PostgresError extends Error {}
export type RunningPostgres = {
  pid: number;
  port: number;
  url: (database: string) => string;
  adopted: boolean;
};
export function startPostgres(options: {
  dataDir: string;
  log?: string;
  settings?: Record<string, string>;
}): Promise<RunningPostgres>;
export function stopPostgres(pid: number, options?: { timeoutMs?: number }): Promise<void>;
export function freePort(host?: string): Promise<number>;
export function isListening(port: number, host?: string): Promise<boolean>;
export function isAlive(pid: number): boolean;
export function commandOf(pid: number): string | null;

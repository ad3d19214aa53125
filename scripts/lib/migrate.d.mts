export function ensureDatabase(url: string, adminUrl: string): Promise<void>;
export function migrate(url: string, folder: string): Promise<string[]>;

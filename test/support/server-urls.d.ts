export interface ServerUrls {
  readonly redis: readonly string[];
  readonly memcached: readonly string[];
}

export const COMPOSE_URLS: ServerUrls;
export function writeServerUrls(urls: ServerUrls, file?: string): void;
export function forgetServerUrls(file?: string): void;
export function serverEnvironment(file?: string): Record<string, string>;

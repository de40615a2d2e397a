import type { ServerUrls } from './server-urls.js';

/** What the script may do to the machine. */
export interface World {
  has(program: string): boolean;
  readonly isRootOnDebian: boolean;
  /** Whether the program ended well. */
  run(program: string, words: readonly string[]): boolean;
  writeUrls(urls: ServerUrls): void;
  forgetUrls(): void;
  say(line: string): void;
}

export function ensureServers(world: World): 0 | 1;

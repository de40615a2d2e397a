/**
 * A real server as tests see it.
 */

import type { Certificate } from './certificate.js';
import type { ServerKind } from './started-servers.js';

export interface TestServer {
  readonly kind: ServerKind;
  readonly host: string;
  readonly port: number;
  /** With its password, if it has one. */
  readonly url: string;
  /** Its unix socket, if it was asked for one. */
  readonly path: string | undefined;
  /** What it shows to TLS clients, if it speaks TLS. */
  readonly certificate: Certificate | undefined;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Its working directory, removed by `stop`. */
  readonly directory: string;

  /** Ends it at once and removes its directory. */
  stop(): Promise<void>;
  /** SIGKILL: the kernel closes its sockets. Resolves when it is gone; `restart` brings it back. */
  kill9(): Promise<void>;
  /** SIGTERM: it ends in good order, within a second or so, by force after 2 s; `restart` brings it back. */
  terminate(): Promise<void>;
  /** SIGSTOP: it hangs while the kernel still accepts connections and bytes for it. Resolves once it stands still. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /**
   * Ends it by SIGKILL, if it still runs, and starts it on the same port and directory; resolves when it answers. A
   * server told by its arguments to save its data comes back with what it had saved.
   */
  restart(): Promise<void>;
}

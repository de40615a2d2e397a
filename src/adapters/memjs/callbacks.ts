/** What memjs's methods are given and call back with. */

type Failure = Error | null;

export type Key = string | Uint8Array;

export interface StoreOptions {
  /** In seconds; above 30 days a date in seconds since 1970. @default that of the client */
  readonly expires?: number | undefined;
}

export interface CountOptions extends StoreOptions {
  /** Of a counter that does not exist yet; the amount is not applied to it. @default 0 */
  readonly initial?: number | undefined;
}

export type Results = Record<string, true | Error>;

export type GetCallback<V = Buffer> = (error: Failure, value: V | null, flags: Buffer | null) => void;
export type DoneCallback = (error: Failure, success: boolean | null) => void;
export type CountCallback = (error: Failure, success: boolean | null, value: number | null) => void;
export type FlushCallback = (error: Failure, results: Results) => void;
export type StatsCallback = (error: Failure, server: string, stats: Record<string, string> | null) => void;
export type VersionCallback = (error: Failure, version: string | null) => void;
export type VersionsCallback = (error: Failure, versions: Record<string, string> | null) => void;

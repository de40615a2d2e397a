/** Where lists of nodes come from. A source answers the whole list each time it is asked, or rejects. */

/** A node as `setNodes` takes it: a URL, or an object with one. */
export type FoundNode =
  | string
  | { readonly url: string; readonly name?: string; readonly weight?: number; readonly zone?: string };

export interface DiscoverySource {
  /** For messages. */
  readonly name: string;
  read(): Promise<readonly FoundNode[]>;
  /** Calls back when there may be news, ahead of the next poll; answers how to stop. */
  watch?(onNews: () => void): () => void;
}

/**
 * What the fault proxy can do to one direction of a connection. Offsets and counts begin where the fault is applied.
 */

export type StreamFault =
  | { readonly kind: 'pass' }
  /** Each piece comes `ms` later, and up to `jitterMs` more; order is kept. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** Pieces of `size` bytes, each in a segment and a turn of the event loop of its own. */
  | { readonly kind: 'slicer'; readonly size: number }
  /** Reads no more, while everything stays open: the peer seems to have vanished. What came is released, in order, by the next fault. */
  | { readonly kind: 'hold' }
  /** As `hold`, from the first piece on for which `holds` answers true; what came before it, pings for example, passes. */
  | { readonly kind: 'mute'; holds(piece: Buffer): boolean }
  /** Inverts the byte at `offset`. */
  | { readonly kind: 'corrupt'; readonly offset: number }
  /** Loses `count` bytes from `offset` on and carries on, which no TCP does: only for middleboxes that garble a stream. */
  | { readonly kind: 'dropBytes'; readonly offset: number; readonly count: number }
  /** Passes so many bytes, then resets the connection. */
  | { readonly kind: 'limit'; readonly bytes: number };

export type Direction = 'toNode' | 'toClient' | 'both';

/** The piece as `fault` passes it on, `seen` bytes having come before it since the fault was applied. */
export function alter(fault: StreamFault, piece: Buffer, seen: number): Buffer {
  switch (fault.kind) {
    case 'corrupt': {
      const index = fault.offset - seen;
      const altered = Buffer.from(piece);
      const byte = altered[index];
      if (byte !== undefined) altered[index] = byte ^ 0xff;
      return altered;
    }
    case 'dropBytes': {
      const start = Math.max(0, fault.offset - seen);
      const end = Math.max(start, fault.offset + fault.count - seen);
      return Buffer.concat([piece.subarray(0, start), piece.subarray(end)]);
    }
    case 'limit':
      return piece.subarray(0, Math.max(0, fault.bytes - seen));
    default:
      return piece;
  }
}

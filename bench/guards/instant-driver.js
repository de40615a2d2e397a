/** A driver without a server: whatever is asked is found, once the turn it was sent in has ended. */

const BYTES = Buffer.alloc(128, 1);

class InstantConnection {
  id = '1';
  incarnation = undefined;
  maxValueBytes = undefined;
  owed = 0;
  bytesRead = 0;
  isOpen = true;
  onClose = undefined;
  onProgress = undefined;

  send(operations) {
    this.owed += operations.length;
    setImmediate(() => {
      this.owed -= operations.length;
      this.bytesRead += operations.length * BYTES.length;
      for (const operation of operations) operation.hit(BYTES, 0, BYTES.length);
      this.onProgress?.();
    });
  }

  destroy() {
    this.isOpen = false;
  }
}

export function createInstantDriver() {
  return {
    kind: 'instant',
    capabilities: { ttlResolutionMs: 1, maxTtlMs: 1e15, compareAndSet: false, enumeration: false, raw: false },
    connect: async () => new InstantConnection(),
  };
}

/**
 * Failures that no server told of are told in the next round of the event loop. A loop that tries again as soon as it was
 * refused, as the workers of queues do, would otherwise never let in the news that the node is back, nor anything else.
 */

let waiting: (() => void)[] = [];

/** @param tell must not throw; those of one round are told in their order */
export function later(tell: () => void): void {
  if (waiting.push(tell) === 1) setImmediate(tellAll);
}

function tellAll(): void {
  const all = waiting;
  waiting = [];
  for (const tell of all) tell();
}

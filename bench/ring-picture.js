/**
 * Draws the picture of the ring in the README: `node bench/ring-picture.js` writes `.github/ring.svg`.
 *
 * Every point, arc, key and owner is what the library's ring answers, with fewer points than it has by default so that
 * they can be told apart. The same code draws the same bytes.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { HASH_SPACE } from '../dist/ring/arcs.js';
import { Ring } from '../dist/ring/ring.js';
import { Drawing } from './ring-picture/drawing.js';

const POINTS_PER_NODE = 7;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const EJECTED = 'e';
/** Where on the ring there is room to follow a key, in degrees clockwise from the top. */
const ROOM = { whole: [59, 63], ejected: [102, 106] };

const ring = Ring.build(
  NAMES.map((name) => ({ name })),
  { pointsPerWeight: POINTS_PER_NODE },
);
const mask = Uint8Array.from(ring.members, ({ name }) => (name === EJECTED ? 1 : 0));

const points = [];
ring.forEachPoint((point, node) => points.push({ angle: angleOf(point), name: ring.members[node].name }));

const drawing = new Drawing();
for (const [i, point] of points.entries()) {
  const previous = points.at(i - 1);
  const from = i === 0 ? previous.angle - 360 : previous.angle;
  const standIn = ownersAt(point.angle, 1, mask)[0];
  if (point.name === EJECTED) drawing.ejectedArc(from, point.angle, point.name, standIn);
  else drawing.arc(from, point.angle, point.name);
}
for (const { angle, name } of points) drawing.point(angle, name, name === EJECTED);

const whole = firstKeyIn(...ROOM.whole);
const [first, second] = walk(whole, 2);
drawing.key(whole.angle);
drawing.step(whole.angle, first.angle, first.name);
drawing.step(first.angle, second.angle, second.name);

const moved = firstKeyIn(...ROOM.ejected);
const [owner] = walk(moved, 1);
const [standIn] = walk(moved, 1, mask);
drawing.key(moved.angle);
drawing.step(moved.angle, owner.angle, owner.name, { isDashed: true });
drawing.step(owner.angle, standIn.angle, standIn.name);

drawing.hole(
  [...ring.distribution()].map(([name, share]) => ({ name, share, isEjected: name === EJECTED })),
  { points: POINTS_PER_NODE },
);
drawing.note(whole.angle, [
  { text: whole.key, isKey: true },
  [{ text: 'clockwise, the first two nodes keep it:' }],
  [{ node: first.name }, { text: 'is its primary,' }, { node: second.name }, { text: 'its replica' }],
]);
drawing.note(moved.angle, [
  { text: moved.key, isKey: true },
  [{ node: owner.name }, { text: 'is ejected:' }, { node: standIn.name }, { text: 'stands in,' }],
  [{ text: 'as the inner band shows; no other arc moves' }],
]);

mkdirSync(new URL('../.github/', import.meta.url), { recursive: true });
writeFileSync(new URL('../.github/ring.svg', import.meta.url), drawing.toSvg());

function angleOf(hash) {
  return (hash / HASH_SPACE) * 360;
}

/** The owners of whatever lies at this angle. */
function ownersAt(angle, count, without) {
  const into = [];
  const hash = Math.max(0, Math.floor((angle / 360) * HASH_SPACE) - 1);
  into.length = ring.ownersInto(hash, count, into, without);
  return into.map((index) => ring.members[index].name);
}

/** The first of `user:1`, `user:2` and so on that lies between two angles. */
function firstKeyIn(from, to) {
  for (let i = 1; ; i++) {
    const key = `user:${i}`;
    const angle = angleOf(ring.hash(key));
    if (angle >= from && angle <= to) return { key, angle };
  }
}

/** The points at which a key finds its owners, as the ring names them. */
function walk({ key, angle }, count, without) {
  let from = angle;
  return ring.owners(key, count, without).map((name) => {
    const point = points.find((each) => each.angle >= from && each.name === name);
    from = point.angle;
    return point;
  });
}

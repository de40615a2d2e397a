/** A curve of hit rates for each policy. */

import { hitRates } from '../harness/hit-rates.js';

const COLOURS = ['#c0392b', '#e08e0b', '#2471a3', '#1e8449'];

export function plotScenario(title, rows, bucketMs, eventMs) {
  const curves = rows.map(({ policy, rates }, i) => ({ name: policy, rates, width: i < 2 ? 1.5 : 2.5 }));
  return hitRates({ title, height: 360, colours: COLOURS, bucketMs, mark: { atMs: eventMs, label: 'event' }, curves });
}

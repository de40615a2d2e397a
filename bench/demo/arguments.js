/** What the demo is asked for on its command line. A mistake is told in one sentence. */

import { parseArgs } from 'node:util';

export const HELP = `
Usage: npm run demo [-- options]

Writes keys into a ring of cache nodes, reads them all back again and again, and meanwhile kills a node,
brings it back, adds one and removes one. Counts every read: hit, miss, stale, wrong.

  --real             over redis-server and memcached processes that it starts itself (3 + 2) and stops at the end
  --nodes URL,URL    over nodes of yours; none is killed, the last one leaves the ring and joins it again
  --keys N           how many keys (default 100000)
  --replication R    copies of each key (default 2)
  --no-color         no colours (as with NO_COLOR set)
  --help             this text

Without options it needs nothing installed: five nodes live in this process.
Ends with 0, or with 1 if any read was stale or wrong.
`;

const OPTIONS = {
  real: { type: 'boolean', default: false },
  nodes: { type: 'string' },
  keys: { type: 'string', default: '100000' },
  replication: { type: 'string', default: '2' },
  'no-color': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

/** @throws Error with a sentence for the user */
export function parseArguments(words) {
  const { values } = parseArgs({ args: words, options: OPTIONS, strict: true });
  const urls = values.nodes?.split(',').filter((url) => url !== '');
  if (urls !== undefined && values.real) throw new Error('--real and --nodes exclude each other.');
  if (urls?.length === 0) throw new Error('--nodes needs at least one URL.');
  return {
    isReal: values.real,
    urls,
    keyCount: wholeNumber('--keys', values.keys.replaceAll(/[,_]/g, ''), 1_000, 2_000_000),
    replication: wholeNumber('--replication', values.replication, 1, 5),
    isColorless: values['no-color'],
    isHelp: values.help,
  };
}

function wholeNumber(name, text, least, most) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most)
    throw new Error(`${name} must be a whole number from ${least} to ${most}, got ${text}.`);
  return number;
}

/** What servers of a cluster tell of its slots, and what is made of several that do not agree. */

import { describe, expect, it } from 'vitest';
import {
  type ClusterView,
  mergeViews,
  ownersIn,
  parseView,
  placeOf,
} from '../../../../src/driver/redis/cluster/cluster-view.js';

const ASKED = { host: 'asked', port: 1 };
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];

const parsed = (lines: readonly string[], byName = false): ClusterView => {
  const view = parseView(`${lines.join('\n')}\n`, ASKED, byName);
  if (view === undefined) throw new Error('it is no view');
  return view;
};

/** Who owns a slot according to all of them. */
const ownerOf = (slot: number, ...views: ClusterView[]) => mergeViews(views)[slot]?.nodeId[0];

describe('a view', () => {
  it('tells claims of masters, ranges and single slots, and whether a slot is on its way', () => {
    const view = parsed([
      `${A} 10.0.0.1:7000@17000,host-a myself,master - 0 0 5 connected 0-5 7 9-9 [8->-${B}]`,
      `${B} 10.0.0.2:7000@17000,host-b master,fail - 0 0 6 disconnected 8`,
      `${C} 10.0.0.3:7000@17000 slave ${A} 0 0 5 connected`,
      `${'d'.repeat(40)} :0@0 master,noaddr - 0 0 0 disconnected 100`,
      `${'e'.repeat(40)} [2001:db8::1]:7000@17000 master - 0 0 1 connected`,
    ]);
    expect(view).toMatchObject({ nodeId: A, isMaster: true, epoch: 5, isMoving: true });
    expect(view.claims).toEqual([
      {
        nodeId: A,
        address: { host: '10.0.0.1', port: 7000 },
        epoch: 5,
        ranges: [
          [0, 5],
          [7, 7],
          [9, 9],
        ],
      },
      { nodeId: B, address: { host: '10.0.0.2', port: 7000 }, epoch: 6, ranges: [[8, 8]] },
    ]);
  });

  it('names servers by their host names where certificates are checked, and itself as it was asked where it does not know', () => {
    const lines = [
      `${A} :7000@17000 myself,master - 0 0 1 connected 0`,
      `${B} 10.0.0.2:7000@17000,host-b master - 0 0 2 connected 1`,
      `${C} 2001:db8::1:7000@17000 master - 0 0 3 connected 2`,
    ];
    const places = (byName: boolean) => parsed(lines, byName).claims.map(({ address }) => placeOf(address));
    expect(places(false)).toEqual(['asked:7000', '10.0.0.2:7000', '2001:db8::1:7000']);
    expect(places(true)).toEqual(['asked:7000', 'host-b:7000', '2001:db8::1:7000']);
  });

  it('is none where nobody is myself', () => {
    expect(parseView('OK', ASKED, false)).toBeUndefined();
    expect(parseView('', ASKED, false)).toBeUndefined();
  });
});

describe('of several views', () => {
  const old = parsed([`${A} a:1@1 myself,master - 0 0 1 connected 0-9`, `${B} b:1@1 master - 0 0 2 connected 10-19`]);

  it('the claim with the higher number holds, whoever told it: who hung while another took over is outvoted', () => {
    const told = parsed([
      `${B} b:1@1 myself,master - 0 0 2 connected 10-19`,
      `${A} a:1@1 master,fail - 0 0 1 connected`,
      `${C} c:1@1 master - 0 0 3 connected 0-9`,
    ]);
    for (const views of [
      [old, told],
      [told, old],
    ]) {
      expect(ownerOf(5, ...views)).toBe('c');
      expect(ownerOf(15, ...views)).toBe('b');
      expect([...ownersIn(mergeViews(views)).keys()].sort()).toEqual([B, C]);
    }
    expect(ownerOf(20, old, told)).toBeUndefined();
  });

  it('a server knows best what it has given away', () => {
    const own = parsed([
      `${B} b:1@1 myself,master - 0 0 2 connected 15-19`,
      `${A} a:1@1 master - 0 0 3 connected 0-14`,
    ]);
    expect(ownerOf(12, old, own)).toBe('a');
    const older = parsed([`${B} b:1@1 myself,master - 0 0 1 connected 15-19`]);
    expect(ownerOf(12, old, older)).toBe('b');
  });
});

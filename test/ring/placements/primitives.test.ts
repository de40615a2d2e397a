/** The hashes under the placements, against their publishers' numbers and against node:crypto. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createPlacement, isPlacementKind } from '../../../src/placements.js';
import { xxh64 } from '../../../src/ring/hash.js';
import { crc32 } from '../../../src/ring/placements/crc.js';
import { ENVOY_RING_HASHES, envoyMaglevTable, envoyRingPoints } from '../../../src/ring/placements/envoy.js';
import { jumpBucket } from '../../../src/ring/placements/jump.js';
import { loadCodePoints } from '../../../src/ring/placements/key-bytes.js';
import { md5, md5Words } from '../../../src/ring/placements/md5.js';
import { murmur3 } from '../../../src/ring/placements/murmur.js';
import { PointPlacement } from '../../../src/ring/placements/point-placement.js';
import { sha1Words } from '../../../src/ring/placements/sha1.js';
import { halvesOf, multiplyHigh, productHigh, remainder } from '../../../src/ring/placements/uint64.js';

function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
}

const texts = Array.from({ length: 400 }, (_, i) => ['a', 'é', '日', '😀', 'x{', '\ud800'][i % 6]?.repeat(i) ?? '');

describe('digests', () => {
  it('equal those of node:crypto for texts of every length across block borders', () => {
    for (const text of [...texts, 'k'.repeat(5000), ...Array.from({ length: 200 }, (_, i) => 'k'.repeat(i))]) {
      const wanted = createHash('md5').update(text).digest();
      expect(md5Words(text)).toEqual([0, 4, 8, 12].map((at) => wanted.readUInt32LE(at)));
      expect(md5(text)).toBe(wanted.readUInt32LE(0));
      const sha1 = createHash('sha1').update(text).digest();
      expect(sha1Words(text, 5)).toEqual([0, 4, 8, 12, 16].map((at) => sha1.readUInt32BE(at)));
    }
  });

  it('crc32 equals that of node:zlib, and stops at a limit', () => {
    for (const text of texts) expect(crc32(text)).toBe(zlibCrc32(Buffer.from(text)));
    expect(crc32('k'.repeat(300), 256)).toBe(crc32('k'.repeat(256)));
  });
});

describe('64-bit arithmetic', () => {
  it('equals that of bigints', () => {
    const numbers = [0n, 1n, 0xffffn, 0x10000n, 0xffffffffn, 0x84222325cbf29ce4n, 2n ** 64n - 1n, 0x2545f4914f6cdd1dn];
    for (const a of numbers) {
      for (const b of numbers) {
        const [aHigh, aLow] = halvesOf(a);
        const [bHigh, bLow] = halvesOf(b);
        expect(productHigh(aHigh, aLow, bHigh, bLow)).toBe(Number(BigInt.asUintN(64, a * b) >> 32n));
        expect(multiplyHigh(aLow, bLow)).toBe(Number((BigInt(aLow) * BigInt(bLow)) >> 32n));
        expect(remainder(aHigh, aLow, 65537)).toBe(Number(a % 65537n));
      }
    }
  });
});

describe('murmur3', () => {
  it('reads code points by their lowest byte, as pymemcache does', () => {
    const rows: { in: string; seed: number; murmur3_32: number }[] = fixture('pymemcache-murmur3-primitives');
    expect(rows.length).toBe(22);
    for (const row of rows) {
      const length = loadCodePoints(row.in);
      expect(murmur3(0, length, row.seed, length)).toBe(row.murmur3_32);
    }
  });
});

describe('jump', () => {
  it('answers all published and recorded buckets', () => {
    const { columns, rows, published } = fixture('jump-raw');
    expect(columns.length).toBe(3);
    expect(rows.length).toBe(1000);
    for (const [key, buckets, bucket] of [...rows, ...published]) {
      const [high, low] = halvesOf(BigInt(key));
      expect(jumpBucket(high, low, Number(buckets))).toBe(Number(bucket));
    }
  });

  it('answers the published buckets of strings', () => {
    const { publishedStrings } = fixture('jump-raw');
    expect(publishedStrings.length).toBe(5);
    for (const [key, buckets, hash, bucket] of publishedStrings) {
      const nodes = Array.from({ length: buckets }, (_, i) => ({ host: 'h', port: 1 + i, name: String(i) }));
      const kind = `jump-${hash}`;
      if (!isPlacementKind(kind)) throw new Error(`no kind ${kind}`);
      expect(createPlacement(kind, nodes).owners(key, 1)).toEqual([String(bucket)]);
    }
  });
});

describe('Envoy', () => {
  const primitives = fixture('envoy-primitives');
  const hosts = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ host: '127.0.0.1', port: from + i }));

  it('hashes as its tests say', () => {
    for (const [text, hash] of Object.entries<string>(primitives.xxHash64)) expect(xxh64(text)).toBe(BigInt(hash));
    for (const [text, hash] of Object.entries<string>(primitives.murmurHash2)) {
      expect(ENVOY_RING_HASHES.murmur2(text)).toBe(BigInt(hash));
    }
  });

  it('builds the ring and the tables of its tests', () => {
    const points = envoyRingPoints(hosts(90, 95), 'xxhash', 12);
    expect(points.map(({ at, node }) => [90 + node, String(at)])).toEqual(primitives.ringXX_min12_ports90to95);
    expect(envoyMaglevTable(hosts(90, 95), 7)).toEqual(primitives.maglev7_ports90to95);
    const weighted = hosts(90, 91).map((host, i) => ({ ...host, weight: i + 1 }));
    expect(envoyMaglevTable(weighted, 17)).toEqual(primitives.maglev17_weights1_2_ports90_91);
  });
});

describe('libmemcached', () => {
  it('has the points and key hashes that were published for it', () => {
    const { servers, rows } = fixture('published-libmemcached-points');
    const nodes = Object.entries<number>(servers).map(([address, weight]) => {
      const [host = '', port = ''] = address.split(':');
      return { host, port: Number(port), weight, name: host };
    });
    const placement = createPlacement('libmemcached-ketama-weighted', nodes);
    if (!(placement instanceof PointPlacement)) throw new Error('no points');
    const points: [number, number][] = [];
    placement.forEachPoint((point, node) => points.push([point, node]));
    expect(rows.length).toBeGreaterThan(50);
    for (const [key, hash, point, server] of rows) {
      expect(placement.hash(key)).toBe(hash);
      const [at, node] = points.find(([candidate]) => candidate >= hash) ?? points[0] ?? [0, 0];
      expect([at, placement.members[node]?.name]).toEqual([point, server]);
      expect(placement.owners(key, 1)).toEqual([server]);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimal,
  EN,
  EX,
  HD,
  INCOMPLETE,
  MN,
  NF,
  NO_OPAQUE,
  NOT_META,
  NS,
  ReplyHeader,
  VA,
} from '../../../src/driver/memcached/reply-header.js';

function read(text: string) {
  const header = new ReplyHeader();
  const bytes = Buffer.from(`..${text}`, 'latin1');
  return { header, bytes, next: header.read(bytes, 2, bytes.length) };
}

const KNOWN: readonly (readonly [string, number])[] = [
  ['VA 0', VA],
  ['HD', HD],
  ['EN', EN],
  ['NF', NF],
  ['NS', NS],
  ['EX', EX],
  ['MN', MN],
];

const flag = fc.oneof(
  fc.integer({ min: 1000, max: 9999 }).map((opaque) => `O${opaque}`),
  fc.integer({ min: -1, max: 1e9 }).map((seconds) => `t${seconds}`),
  fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((token) => `c${token}`),
  fc.constantFrom('W', 'X', 'Z', 'b', 'kkey', 's12', 'f7', 'h1', 'l0'),
);

describe('the first line of a meta reply', () => {
  it('is known by its two letters, with and without flags', () => {
    for (const [text, code] of KNOWN) {
      for (const flags of ['', ' O1234', ' ', ' kab O1234']) {
        const { header, next, bytes } = read(`${text}${flags}\r\n`);
        expect(next).toBe(bytes.length);
        expect(header.code).toBe(code);
        expect(header.opaque).toBe(flags.includes('O') ? 1234 : NO_OPAQUE);
      }
    }
  });

  it('tells length, opaque, expiry, token, client flags and placeholders', () => {
    const { header, bytes, next } = read('VA 1048576 t59 c18446744073709551615 f4294967295 O9999 s3\r\nrest');
    expect(next).toBe(bytes.length - 4);
    expect(header).toMatchObject({ valueLength: 1_048_576, ttlSeconds: 59, clientFlags: 4_294_967_295, opaque: 9999 });
    expect(bytes.latin1Slice(header.tokenStart, header.tokenEnd)).toBe('18446744073709551615');
    expect(header.isPlaceholder).toBe(false);
    expect(read('HD t-1 c5\r\n').header.ttlSeconds).toBe(-1);
    for (const letter of ['W', 'X', 'Z']) expect(read(`VA 0 ${letter}\r\n`).header.isPlaceholder).toBe(true);
  });

  it('forgets the flags of the line before', () => {
    const header = new ReplyHeader();
    const first = Buffer.from('VA 5 O1000 W\r\n');
    const second = Buffer.from('EN\r\n');
    header.read(first, 0, first.length);
    header.read(second, 0, second.length);
    expect(header).toMatchObject({ code: EN, opaque: NO_OPAQUE, isPlaceholder: false });
  });

  it('is incomplete at every byte before its end', () => {
    fc.assert(
      fc.property(fc.constantFrom('VA 17', 'HD', 'EN', 'NS'), fc.array(flag, { maxLength: 4 }), (code, flags) => {
        const text = `${[code, ...flags].join(' ')}\r\n`;
        for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length)).next).toBe(INCOMPLETE);
        expect(read(text).next).toBe(text.length + 2);
      }),
    );
  });

  it('is told from other lines and from nonsense', () => {
    for (const text of [
      'ERROR\r\n',
      'END\r\n',
      'OK\r\n',
      '5\r\n',
      'VAX\r\n',
      'VA\r\n',
      'VA x\r\n',
      'VA -1\r\n',
      'VA 1x\r\n',
      'VA 1234567890\r\n',
      'HDO1\r\n',
      'HD\rO1',
      'HTTP/1.1 400 Bad Request\r\n',
    ]) {
      expect(read(text).next, JSON.stringify(text)).toBe(NOT_META);
    }
  });

  it('never answers anything but a position or a verdict, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const bytes = Buffer.from(array);
        const next = new ReplyHeader().read(bytes, 0, bytes.length);
        expect(next === INCOMPLETE || next === NOT_META || (next >= 4 && next <= bytes.length)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decimal', () => {
  it('reads digits and nothing else', () => {
    const of = (text: string) => decimal(Buffer.from(text), 0, text.length);
    expect(of('0')).toBe(0);
    expect(of('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    for (const text of ['', ' 1', '1 ', '-1', '1.5', 'x']) expect(of(text)).toBeNaN();
  });
});

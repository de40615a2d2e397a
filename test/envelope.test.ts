import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampOf } from '../src/base/hybrid-clock.js';
import { secondHash } from '../src/base/string-hash.js';
import {
  clientIdAt,
  compressionOf,
  expiresAtAt,
  FORM_JSON,
  FORM_STRING,
  flagsAt,
  flagsOf,
  formOf,
  HEADER_BYTES,
  readEnvelope,
  resealWithExpiry,
  sealEnvelope,
  stampAt,
} from '../src/envelope.js';

const KEY = secondHash('shop:user:7');
const NOW = 1_750_000_000_000;
const HOUR = 3_600_000;

function sealed(
  payload: Uint8Array,
  { flags = 0, keyHash = KEY, stamp = stampOf(NOW), clientId = 7, expiresAt = 0 } = {},
): Buffer {
  const out = Buffer.alloc(HEADER_BYTES + payload.length);
  out.set(payload, HEADER_BYTES);
  sealEnvelope(out, out.length, flags, keyHash, stamp, clientId, expiresAt);
  return out;
}

function verdictOf(bytes: Buffer, calendarMs = NOW, keyHash = KEY): string {
  return readEnvelope(bytes, 0, bytes.length, keyHash, calendarMs);
}

const uint32 = fc.nat({ max: 0xffffffff });

describe('the envelope', () => {
  it('gives back every field and payload, wherever it lies in a buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.record({
          flags: fc.constantFrom(flagsOf(FORM_JSON, false, 0), flagsOf(FORM_STRING, true, 3)),
          keyHash: uint32,
          stamp: fc.maxSafeNat(),
          clientId: uint32,
          expiresAt: fc.nat({ max: 2 ** 48 - 1 }),
        }),
        fc.nat({ max: 50 }),
        (payload, fields, offset) => {
          const envelope = sealed(payload, fields);
          const buffer = Buffer.concat([Buffer.alloc(offset, 0xfc), envelope, Buffer.alloc(9, 0xfc)]);
          const end = offset + envelope.length;
          expect(readEnvelope(buffer, offset, end, fields.keyHash, 0)).toBe('ok');
          expect(flagsAt(buffer, offset)).toBe(fields.flags);
          expect(stampAt(buffer, offset)).toBe(fields.stamp);
          expect(clientIdAt(buffer, offset)).toBe(fields.clientId);
          expect(expiresAtAt(buffer, offset)).toBe(fields.expiresAt);
          expect(buffer.subarray(offset + HEADER_BYTES, end).equals(payload)).toBe(true);
        },
      ),
    );
  });

  it('keeps its bytes from version to version', () => {
    const envelope = sealed(Buffer.from('{"a":1}'), {
      stamp: stampOf(NOW) + 5,
      expiresAt: NOW + HOUR,
      clientId: 0x01020304,
    });
    expect(envelope.toString('hex')).toBe(GOLDEN);
    const large = sealed(Buffer.alloc(2_000, 'x'), { flags: flagsOf(FORM_STRING, true, 0) });
    expect(large.subarray(0, HEADER_BYTES).toString('hex')).toBe(GOLDEN_LARGE);
  });

  it('keeps form and compression apart in its flags', () => {
    const flags = flagsOf(FORM_STRING, true, 2);
    expect(formOf(flags)).toBe(FORM_STRING);
    expect(compressionOf(flags)).toBe(2);
  });

  it('A15 tells a whole envelope of another key from one that was cut or changed', () => {
    const envelope = sealed(Buffer.from('value'));
    expect(verdictOf(envelope, NOW, secondHash('shop:user:8'))).toBe('wrong-key');
    const changed = Buffer.from(envelope);
    changed[HEADER_BYTES + 2] = 0;
    expect(verdictOf(changed, NOW, secondHash('shop:user:8'))).toBe('corrupt');
  });

  it('G19 never takes an envelope that was cut, anywhere', () => {
    for (const size of [0, 1, 100, 1_500]) {
      const envelope = sealed(Buffer.alloc(size, 'abc'));
      for (let end = 0; end < envelope.length; end++) {
        expect(verdictOf(envelope.subarray(0, end))).toBe(end === 0 ? 'foreign' : 'corrupt');
      }
      expect(verdictOf(Buffer.concat([envelope, Buffer.from('x')]))).toBe('corrupt');
    }
  });

  it('G19 never takes an envelope with a changed byte, in header or payload', () => {
    const envelope = sealed(Buffer.from('{"name":"Ada"}'), { expiresAt: NOW + HOUR });
    for (let at = 0; at < envelope.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(envelope);
        changed[at] = changed[at]! ^ (1 << bit);
        expect(['corrupt', 'foreign', 'future-version', 'wrong-key']).toContain(verdictOf(changed));
      }
    }
  });

  it('G19 takes random bytes for foreign, and never throws on them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (random, hasMagic) => {
        const bytes = Buffer.from(random);
        if (hasMagic && bytes.length > 1) bytes.set([0xfc, 1]);
        expect(['corrupt', 'foreign', 'digits']).toContain(verdictOf(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('G19 tells a later version from damage', () => {
    const envelope = sealed(Buffer.from('value'));
    const later = Buffer.from(envelope);
    later[1] = 2;
    expect(verdictOf(later)).toBe('future-version');
    later[1] = 0;
    expect(verdictOf(later)).toBe('corrupt');
    expect(verdictOf(sealed(Buffer.from('value'), { flags: 0b0100_0000 }))).toBe('future-version');
    expect(verdictOf(sealed(Buffer.from('value'), { flags: 0b0000_0111 }))).toBe('future-version');
  });

  it('R11 takes bare digits for a counter, and other text for foreign', () => {
    for (const digits of ['0', '41', '99 ', '9007199254740991']) expect(verdictOf(Buffer.from(digits))).toBe('digits');
    for (const text of ['', ' ', '-1', '007', '1.5', '9007199254740992', '"5"', 'null', '{"a":1}']) {
      expect(verdictOf(Buffer.from(text))).toBe('foreign');
    }
  });
});

describe('expiry in the envelope', () => {
  const expiring = sealed(Buffer.from('value'), { expiresAt: NOW + 1_000 });

  it('G15 is exact to the millisecond on nodes with a coarse clock', () => {
    expect(verdictOf(expiring, NOW + 999)).toBe('ok');
    expect(verdictOf(expiring, NOW + 1_000)).toBe('expired');
    expect(verdictOf(expiring, NOW + 3_000)).toBe('expired');
  });

  it('is left to nodes that keep exact time, when no calendar is passed', () => {
    expect(verdictOf(expiring, 0)).toBe('ok');
  });

  it('never expires what was stored without a time to live', () => {
    for (const calendar of [1, NOW, NOW * 2]) expect(verdictOf(sealed(Buffer.from('value')), calendar)).toBe('ok');
  });

  it('R12 does not expire what the node still holds when the calendar is an hour ahead', () => {
    for (const lifeMs of [1, 100, 1_000, 60_000, 600_000]) {
      const envelope = sealed(Buffer.from('value'), { expiresAt: NOW + lifeMs });
      expect(verdictOf(envelope, NOW + HOUR)).toBe('ok');
    }
  });

  it('can be rewritten in place, leaving all else as it was', () => {
    const envelope = sealed(Buffer.from('value'), { expiresAt: NOW + 1_000, clientId: 9 });
    resealWithExpiry(envelope, NOW + HOUR);
    expect(envelope.equals(sealed(Buffer.from('value'), { expiresAt: NOW + HOUR, clientId: 9 }))).toBe(true);
    resealWithExpiry(envelope, 0);
    expect(expiresAtAt(envelope, 0)).toBe(0);
    expect(verdictOf(envelope)).toBe('ok');
  });
});

const GOLDEN = 'fc010093760dd5cdd406640cbba106e000050102030401977457ca807b2261223a317d';
const GOLDEN_LARGE = 'fc010993760dd50d583ca90cbba106e0000000000007000000000000';

import { it } from 'vitest';
import { Ledger } from '../../src/cluster/ledger/ledger.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { shrink } from '../model/run.js';
import { scheduleOf, describe as show } from '../model/schedule.js';
import { World } from '../model/world.js';
import { envelopeSeq } from './peek.js';

const seed = Number(process.env.SEED);
it('x', { timeout: 100000 }, async () => {
  const s = await shrink(scheduleOf(seed));
  console.log(show(s));
  const only = process.env.KEY;
  let clock: any;
  const out: string[] = [];
  const exec = MemoryNode.prototype.execute;
  MemoryNode.prototype.execute = function (this: any, op: any, now: number) {
    const name = this.name;
    if (only === undefined || op.key === only) {
      const v = op.bytes ? envelopeSeq(op.bytes) : '';
      const wrap = (m: string) => {
        const f = op[m];
        return f;
      };
      const before = this.snapshot().get(op.key)?.value ?? '-';
      const r = exec.call(this, op, now);
      const after = this.snapshot().get(op.key)?.value ?? '-';
      out.push(
        `${now} ${name} ${op.kind} ${op.mode ?? ''} ${op.key} ${v} : ${envelopeSeq(Buffer.from(before, 'latin1'))} -> ${envelopeSeq(Buffer.from(after, 'latin1'))}`,
      );
      void wrap;
      return r;
    }
    return exec.call(this, op, now);
  };
  for (const m of [
    'issue',
    'confirm',
    'copied',
    'owe',
    'abandon',
    'incarnationChanged',
    'tookOver',
    'arcsLost',
    'paid',
    'unpaid',
    'forgetNode',
    'trusts',
  ] as const) {
    const f = (Ledger.prototype as any)[m];
    (Ledger.prototype as any)[m] = function (...a: any[]) {
      const r = f.apply(this, a);
      const txt = JSON.stringify(a, (k, v) =>
        k === 'nodes' || (typeof v === 'object' && v?.slot !== undefined && v.name) ? (v.name ?? v) : v,
      );
      if (
        only === undefined ||
        txt.includes(`"${only}"`) ||
        ['incarnationChanged', 'tookOver', 'arcsLost', 'forgetNode'].includes(m)
      )
        out.push(`  ${clock?.now()} ledger.${m} ${txt.slice(0, 200)} ${r ?? ''}`);
      return r;
    };
  }
  const w = new World(s.config, new Set());
  clock = w.clock;
  for (const [i, { cache }] of (w as any).clients.entries()) {
    for (const n of [
      'topologyChanged',
      'nodeStateChanged',
      'handoffFinished',
      'handoffStarted',
      'handoffProgress',
      'breakerOpened',
      'breakerHalfOpened',
      'breakerClosed',
      'degraded',
    ] as const)
      cache.on(n, (e: any) => out.push(`${clock.now()} #${i} ${n} ${JSON.stringify(e)}`));
  }
  for (const step of s.steps) {
    out.push(`---- ${step.name} key ${step.key} node ${step.node}`);
    await w.do(step);
    if (w.violations.length) break;
  }
  await w.clock.advance(100);
  console.log(out.join('\n'));
  console.log(w.violations);
  await w.end();
});

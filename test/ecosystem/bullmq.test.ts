/**
 * bullmq on the façade over three nodes. A queue is many keys under one prefix that scripts use together: a prefix in
 * braces puts them on one node, as on Redis Cluster.
 */

import { FlowProducer, type Job, type JobsOptions, Queue, QueueEvents, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Nodes } from './nodes.js';

let nodes: Nodes;
let names = 0;

beforeAll(async () => {
  nodes = await Nodes.start();
});

afterAll(() => nodes.stop());

const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function keep<T extends { close(): Promise<unknown>; on(event: 'error', listener: () => void): unknown }>(each: T): T {
  each.on('error', () => undefined);
  opened.push(each);
  return each;
}

/** A queue with a name and a tag of its own, so that queues of several tests lie on several nodes. */
function makeQueue() {
  names += 1;
  const [name, prefix] = [`jobs-${names}`, `{bull-${names}}`];
  const connection = nodes.open();
  const options = { connection, prefix };
  return {
    queue: keep(new Queue(name, options)),
    events: () => keep(new QueueEvents(name, options)),
    work: (process: (job: Job) => Promise<unknown>, more: object = {}) =>
      keep(new Worker(name, process, { ...options, ...more })),
    options,
    name,
  };
}

const job = (data: object, options?: JobsOptions) => ({
  name: 'job',
  data,
  ...(options === undefined ? {} : { opts: options }),
});

describe('bullmq', () => {
  it('adds jobs, works on them and hands back what they return', async () => {
    const { queue, events, work } = makeQueue();
    const told = events();
    await told.waitUntilReady();
    const worker = work(async ({ data }) => data.n * 2);
    await worker.waitUntilReady();
    const added = await queue.add('double', { n: 21 });
    expect(await added.waitUntilFinished(told, 30_000)).toBe(42);
    expect(await queue.getJobCounts('completed', 'failed', 'waiting')).toEqual({ completed: 1, failed: 0, waiting: 0 });
  });

  it('works through 1,000 jobs, each once', async () => {
    const { queue, work } = makeQueue();
    const jobs = Array.from({ length: 1_000 }, (_, i) => job({ i }));
    await queue.addBulk(jobs);
    const seen: number[] = [];
    const worker = work(async ({ data }) => void seen.push(data.i), { concurrency: 50 });
    await new Promise<void>((resolve) => worker.once('drained', () => resolve()));
    await expect.poll(() => queue.getCompletedCount()).toBe(1_000);
    expect(seen.toSorted((a, b) => a - b)).toEqual(jobs.map(({ data }) => Reflect.get(data, 'i')));
  });

  it('retries what fails, and gives up after the attempts it was told', async () => {
    const { queue, events, work } = makeQueue();
    const told = events();
    await told.waitUntilReady();
    work(async ({ attemptsMade, data }) => {
      if (attemptsMade < data.failures) throw new Error(`attempt ${attemptsMade}`);
      return attemptsMade;
    });
    const lucky = await queue.add('lucky', { failures: 2 }, { attempts: 3, backoff: { type: 'fixed', delay: 10 } });
    const hopeless = await queue.add('hopeless', { failures: 9 }, { attempts: 2 });
    expect(await lucky.waitUntilFinished(told, 30_000)).toBe(2);
    await expect(hopeless.waitUntilFinished(told, 30_000)).rejects.toThrow('attempt 1');
    expect(await queue.getFailedCount()).toBe(1);
    expect((await hopeless.getState()).toString()).toBe('failed');
  });

  it('delays jobs, and does not keep a worker that waits from a job that comes', async () => {
    const { queue, events, work } = makeQueue();
    const told = events();
    await told.waitUntilReady();
    const order: string[] = [];
    const worker = work(async ({ name: which }) => void order.push(which), { drainDelay: 5 });
    await worker.waitUntilReady();
    const began = performance.now();
    const late = await queue.add('late', {}, { delay: 1_000 });
    const soon = await queue.add('soon', {});
    await soon.waitUntilFinished(told, 30_000);
    await late.waitUntilFinished(told, 30_000);
    expect(order).toEqual(['soon', 'late']);
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it('keeps priorities, pauses, tells progress, removes and empties', async () => {
    const { queue, work } = makeQueue();
    await queue.pause();
    await queue.addBulk([job({ n: 1 }, { priority: 5 }), job({ n: 2 }, { priority: 1 }), job({ n: 3 })]);
    const gone = await queue.add('gone', { n: 4 });
    await gone.remove();
    const order: number[] = [];
    const progress: unknown[] = [];
    const worker = work(async (each) => {
      order.push(each.data.n);
      await each.updateProgress({ n: each.data.n });
    });
    worker.on('progress', (_, value) => progress.push(value));
    await worker.waitUntilReady();
    expect(order).toEqual([]);
    await queue.resume();
    await expect.poll(() => order).toEqual([3, 2, 1]);
    await expect.poll(() => progress).toHaveLength(3);
    await queue.obliterate({ force: true });
    expect(await queue.getJobCounts()).toMatchObject({ completed: 0, waiting: 0 });
  });

  it('runs a flow: the parent after its children', async () => {
    const { work, options, name } = makeQueue();
    const order: string[] = [];
    work(async ({ name: which }) => void order.push(which));
    const flow = keep(new FlowProducer(options));
    const child = (n: number) => ({ name: `child-${n}`, queueName: name });
    await flow.add({ name: 'parent', queueName: name, children: [child(1), child(2)] });
    await expect.poll(() => order).toHaveLength(3);
    expect(order.at(-1)).toBe('parent');
  });

  it('has queues on every node, each whole on one of them', async () => {
    for (let i = 0; i < 20; i++) await makeQueue().queue.add('job', {});
    expect(Math.min(...(await nodes.sizes()))).toBeGreaterThan(0);
  });

  it('tells which workers there are: by their connections, of which each has one to every node', async () => {
    const { queue, work } = makeQueue();
    const worker = work(async () => undefined, { name: 'ann' });
    await worker.waitUntilReady();
    await expect.poll(() => queue.getWorkersCount()).toBe(nodes.servers.length);
    expect((await queue.getWorkers())[0]).toMatchObject({
      name: queue.name,
      rawname: expect.stringContaining(':w:ann'),
    });
  });

  it('goes on when the node of its queue was killed while it waited, and is back', async () => {
    const own = await Nodes.start();
    onTestFinished(() => own.stop());
    const connection = own.open();
    const options = { connection, prefix: '{bull}' };
    const queue = keep(new Queue('jobs', options));
    const done: string[] = [];
    const worker = keep(
      new Worker('jobs', async ({ name }) => void done.push(name), { ...options, drainDelay: 60, runRetryDelay: 50 }),
    );
    await worker.waitUntilReady();
    await queue.add('before', {});
    await expect.poll(() => done).toEqual(['before']);
    await Promise.all(own.servers.map((server) => server.kill9()));
    await Promise.all(own.servers.map((server) => server.restart()));
    const add = () =>
      queue.add('after', {}).then(
        () => true,
        () => false,
      );
    await expect.poll(add).toBe(true);
    await expect.poll(() => done).toContain('after');
    await Promise.all([worker.close(), queue.close()]);
  });

  it('completes what was worked on while its node was killed, and takes none of it for failed', async () => {
    const own = await Nodes.start(['--appendonly', 'yes', '--appendfsync', 'always']);
    onTestFinished(() => own.stop());
    // Nothing may end by a deadline here.
    const connection = own.open({ offlineQueueMs: 30_000, timeouts: { connectMs: 3_000 } });
    const options = { connection, prefix: '{bull}' };
    const queue = keep(new Queue('jobs', options));
    await queue.addBulk(Array.from({ length: 20 }, (_, i) => job({ i })));
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const worker = keep(new Worker('jobs', () => released, { ...options, concurrency: 20, runRetryDelay: 50 }));
    const failed: string[] = [];
    worker.on('failed', (_, error) => failed.push(error.message));
    await expect.poll(() => queue.getActiveCount()).toBe(20);
    // That they are done is on its way to servers that never read it.
    await Promise.all(own.servers.map((server) => server.pause()));
    release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all(own.servers.map((server) => server.kill9()));
    await Promise.all(own.servers.map((server) => server.restart()));
    const counts = () => queue.getJobCounts('completed', 'failed', 'active').catch(() => undefined);
    await expect.poll(counts).toEqual({ completed: 20, failed: 0, active: 0 });
    expect(failed).toEqual([]);
    await Promise.all([worker.close(), queue.close()]);
  });

  it('closes a worker that waits for jobs without delay', async () => {
    const { work } = makeQueue();
    const worker = work(async () => undefined, { drainDelay: 60 });
    await worker.waitUntilReady();
    const began = performance.now();
    await worker.close();
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

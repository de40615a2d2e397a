import { it } from 'vitest';
import { runSchedule, shrink } from '../model/run.js';
import { scheduleOf, describe as show } from '../model/schedule.js';

it('x', { timeout: 100000 }, async () => {
  const s = await shrink(scheduleOf(Number(process.env.SEED)));
  console.log(show(s));
  for (let i = 0; i < 6; i++) console.log((await runSchedule(s)).violations);
});

/** Builds the lanes of a node: pools of pipelines, each over a link of its own. */

import type { Connection } from '../driver/driver.js';
import type { CacheError } from '../errors.js';
import type { AttemptNode } from './attempt-state.js';
import type { Lane } from './lane.js';
import { LanePool } from './lane-pool.js';
import { Link } from './link.js';
import { NodeLanes } from './node-lanes.js';
import type { NodeSettings } from './node-settings.js';
import { Pipeline } from './pipeline.js';

/** News of any connection of the node, told after its lane has taken note. */
export interface LaneNews {
  opened(connection: Connection, beganAt: number, lane: Lane): void;
  down(error: CacheError, wasOpen: boolean): void;
}

export function openLanes(node: AttemptNode, settings: NodeSettings, news: LaneNews): NodeLanes {
  const { turn, sweep, breaker, patience, random, connectMs, maxPauseMs } = settings;
  const linkSettings = { clock: turn.clock, random, connectMs, maxPauseMs };
  const open = (lane: Lane): Pipeline =>
    new Pipeline((events) => new Link(settings.driver, linkSettings, events), settings.lanes[lane], {
      node,
      lane,
      turn,
      sweep,
      breaker,
      // Probes and payments must not be refused because callers are many.
      limiter: lane === 'background' ? undefined : settings.limiter,
      latency: lane === 'interactive' ? settings.latency : undefined,
      patience,
      isReached: () => lanes.in('interactive').some(({ link }) => link.connection !== undefined),
      opened(connection, beganAt) {
        lanes.changed(lane);
        news.opened(connection, beganAt, lane);
      },
      down(error, wasOpen) {
        lanes.changed(lane);
        news.down(error, wasOpen);
      },
    });
  const lanes = new NodeLanes((lane) => new LanePool({ ...settings.lanes[lane], turn, sweep, open: () => open(lane) }));
  return lanes;
}

/** `cache.migration` made of its parts: an object with fields of its own, so that it can be printed and written as JSON. */

import type { MigrationView } from '../calls/migration-view.js';
import type { Counters } from '../replication/contexts.js';
import type { PlacementMigration } from './placement-migration.js';

export function viewMigration(migration: PlacementMigration, counters: Counters): MigrationView {
  const { shadow, guard } = migration;
  return Object.freeze<MigrationView>({
    get phase() {
      return migration.phase;
    },
    get percent() {
      return migration.percent;
    },
    get moved() {
      return counters.repairs;
    },
    get missesServedByOld() {
      return counters.handoffHits;
    },
    get compared() {
      return shadow?.counts.compared ?? 0;
    },
    get differences() {
      return shadow === undefined ? 0 : shadow.counts.different + shadow.counts.onlyInNew;
    },
    get onlyInOld() {
      return shadow?.counts.onlyInOld ?? 0;
    },
    get uncompared() {
      return shadow?.counts.unanswered ?? 0;
    },
    get hitRate() {
      return { before: guard?.before.hitRate, now: guard?.now.hitRate };
    },
    get errorRate() {
      return { before: guard?.before.errorRate, now: guard?.now.errorRate };
    },
    begin: () => migration.begin(),
    rampTo: (ramp) => migration.rampTo(ramp),
    pause: () => migration.pause(),
    resume: () => migration.resume(),
    promote: () => migration.promote(),
    rollBack: (reason) => migration.rollBack(reason),
  });
}

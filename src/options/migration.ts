/** The option `migration`: from which placement, over which nodes, keys move to those of the cache, and how. */

import { OptionError } from '../errors.js';
import { either, integer, number, type OptionRule, oneOf, resolveOptions } from '../node/option-rules.js';
import type { PlacementKind } from '../ring/placements/create-placement.js';
import { type NodeOptions, type NodeSpec, parseNodes } from './node-options.js';
import { resolvePlacement } from './placement.js';

/** The old place of the keys. */
export interface MigrationSource {
  /** The rule that placed them. @default the own ring */
  readonly placement?: PlacementKind | undefined;
  /** In the order of the old configuration. @default the cache's own */
  readonly nodes?: readonly (string | NodeOptions)[] | undefined;
}

/** The cut-over spread evenly over time, in equal steps. */
export interface RampWindow {
  readonly windowMs: number;
  /** When it begins, in ms since 1970: the same in all processes, so that they cut the same keys over. @default at once */
  readonly startAt?: number | undefined;
  /** @default 20 */
  readonly steps?: number | undefined;
}

/** How far the figures may leave those of before; past it the migration is rolled back. */
export interface MigrationBounds {
  /** Share of all reads by which hits may become fewer. @default 0.05 */
  readonly hitRateDrop?: number | undefined;
  /** Share of all attempts by which failures may become more. @default 0.05 */
  readonly errorRateRise?: number | undefined;
  /** How long is measured at a time, before and after. @default 10_000 */
  readonly windowMs?: number | undefined;
  /** Fewer reads or attempts in that time say nothing. @default 500 */
  readonly minimumCalls?: number | undefined;
}

export interface MigrationOptions {
  readonly from: MigrationSource;
  /** Percent of the keys that are cut over, by their hash; or a window in which all of them are. @default 0, and all for `shadow` */
  readonly ramp?: number | RampWindow | undefined;
  /** Cuts nothing over: reads are served from the old place, and those of the keys that would be cut over are compared with the new one. @default false */
  readonly shadow?: boolean | undefined;
  /** `read-through` while others still write to the old place: it stays the authority, and nothing is copied. @default 'copy-forward' */
  readonly mode?: 'copy-forward' | 'read-through' | undefined;
  /**
   * What is carried over unasked: the keys of the cache's namespace, or `all` that the old nodes hold where the old placement
   * puts it, which must be this cache's and nobody else's. Without a namespace only `all` carries anything. @default 'namespace'
   */
  readonly carry?: 'namespace' | 'all' | undefined;
  /** `false` never rolls back by itself. */
  readonly bounds?: false | MigrationBounds | undefined;
}

export type BoundsSettings = { readonly [K in keyof MigrationBounds]-?: NonNullable<MigrationBounds[K]> };

export interface WindowSettings {
  readonly windowMs: number;
  readonly startAt: number | undefined;
  readonly steps: number;
}

export interface MigrationSettings {
  readonly fromKind: PlacementKind | undefined;
  /** The old nodes, in order. */
  readonly fromNodes: readonly NodeSpec[];
  /** By old node: its number among the nodes of the cache with `oldOnly` behind them. */
  readonly at: readonly number[];
  /** Old nodes that are none of the cache's. */
  readonly oldOnly: readonly NodeSpec[];
  readonly ramp: number | WindowSettings | undefined;
  readonly isShadow: boolean;
  readonly mode: 'copy-forward' | 'read-through';
  readonly carriesAll: boolean;
  readonly bounds: BoundsSettings | undefined;
}

const object: OptionRule = { says: 'an object', holds: (value) => typeof value === 'object' && value !== null };
const yesOrNo: OptionRule = { says: 'true or false', holds: (value) => typeof value === 'boolean' };
const anything: OptionRule = { says: 'anything', holds: () => true };
const percent = number(0, 100);

const DEFAULT_BOUNDS: BoundsSettings = { hitRateDrop: 0.05, errorRateRise: 0.05, windowMs: 10_000, minimumCalls: 500 };
const DEFAULT_STEPS = 20;

/** @param nodes of the cache, in the order in which they are listed @throws OptionError naming the option below `migration` */
export function resolveMigration(
  given: MigrationOptions,
  nodes: readonly NodeSpec[],
  replication: number,
): MigrationSettings {
  const options = resolveOptions<MigrationOptions>('migration', given, given, {
    from: object,
    ramp: anything,
    shadow: yesOrNo,
    mode: oneOf(['copy-forward', 'read-through']),
    carry: oneOf(['namespace', 'all']),
    bounds: either(object, { says: 'false', holds: (value) => value === false }),
  });
  if (options.mode === 'read-through' && replication > 1)
    throw new OptionError(
      'migration.mode',
      "must not be 'read-through' with copies: others know the first of them alone",
    );
  if (options.from === undefined) throw new OptionError('migration.from', 'is needed');
  const from = resolveOptions<MigrationSource>(
    'migration.from',
    options.from,
    {},
    { placement: anything, nodes: anything },
  );
  const fromKind = resolvePlacement(from.placement, 'migration.from.placement');
  const fromNodes = from.nodes === undefined ? nodes : parseNodes(from.nodes, 'migration.from.nodes');
  const oldOnly: NodeSpec[] = [];
  const at = fromNodes.map((spec) => {
    const own = nodes.findIndex((node) => isSameServer(node, spec));
    if (own >= 0) return own;
    if (nodes.some(({ name }) => name === spec.name))
      throw new OptionError('migration.from.nodes', `'${spec.name}' is the name of another node of the cache`);
    return nodes.length + oldOnly.push(spec) - 1;
  });
  if (new Set(at).size < at.length)
    throw new OptionError('migration.from.nodes', 'must name each node once, got two that are one node of the cache');
  const { ramp } = options;
  return Object.freeze<MigrationSettings>({
    fromKind,
    fromNodes,
    at,
    oldOnly,
    ramp: ramp === undefined ? undefined : resolveRamp(ramp, 'migration.ramp'),
    isShadow: options.shadow ?? false,
    mode: options.mode ?? 'copy-forward',
    carriesAll: options.carry === 'all',
    bounds: options.bounds === false ? undefined : resolveBounds(options.bounds ?? {}),
  });
}

/** @throws OptionError */
export function resolveRamp(given: number | RampWindow, path: string): number | WindowSettings {
  if (typeof given !== 'object') {
    if (!percent.holds(given))
      throw new OptionError(path, `must be ${percent.says}, or a window, got ${String(given)}`);
    return given;
  }
  const window = resolveOptions<RampWindow>(path, given, given, {
    windowMs: number(1),
    startAt: number(0),
    steps: integer(1, 1_000),
  });
  if (window.windowMs === undefined) throw new OptionError(`${path}.windowMs`, 'is needed');
  return { windowMs: window.windowMs, startAt: window.startAt, steps: window.steps ?? DEFAULT_STEPS };
}

function resolveBounds(given: MigrationBounds): BoundsSettings {
  return resolveOptions<BoundsSettings>('migration.bounds', given, DEFAULT_BOUNDS, {
    hitRateDrop: number(0, 1),
    errorRateRise: number(0, 1),
    windowMs: number(10),
    minimumCalls: integer(1),
  });
}

/** Names do not matter: the old configuration may have had others. */
function isSameServer(a: NodeSpec, b: NodeSpec): boolean {
  return a.driver === undefined ? b.driver === undefined && a.identity === b.identity : a.driver === b.driver;
}

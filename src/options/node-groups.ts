/**
 * Nodes marked as primary and standbys of a group, gathered into the one node that the ring knows: it bears the group's
 * name, and weight and zone of the primary.
 */

import { shown } from '../base/shown.js';
import { OptionError } from '../errors.js';
import type { MemberRole } from '../failover/failover-settings.js';

/** A node's place in its group. */
export interface GroupPlace {
  readonly group: string;
  readonly role: MemberRole;
  readonly priority: number;
}

interface Groupable<S> {
  readonly name: string;
  readonly scheme: string;
  readonly identity: string;
  readonly place: GroupPlace | undefined;
  readonly members: readonly S[] | undefined;
}

/** What a user may write for it. */
interface PlaceOptions {
  readonly group?: unknown;
  readonly role?: unknown;
  readonly priority?: unknown;
  readonly weight?: unknown;
  readonly zone?: unknown;
}

/** As Redis has it for replicas. */
const DEFAULT_PRIORITY = 100;

/** @throws OptionError */
export function placeOf({ group, role, priority, weight, zone }: PlaceOptions, path: string): GroupPlace | undefined {
  if (group === undefined) {
    if (role !== undefined) throw new OptionError(`${path}.role`, 'needs a group');
    if (priority !== undefined) throw new OptionError(`${path}.priority`, 'needs a group');
    return undefined;
  }
  if (typeof group !== 'string' || group === '' || !group.isWellFormed())
    throw new OptionError(`${path}.group`, 'must be a non-empty, well-formed string');
  if (role !== 'primary' && role !== 'standby')
    throw new OptionError(`${path}.role`, `must be 'primary' or 'standby' for a node of a group, got ${shown(role)}`);
  if (role === 'primary' && priority !== undefined)
    throw new OptionError(`${path}.priority`, 'must be left out: a primary comes first anyway');
  const number = priority ?? DEFAULT_PRIORITY;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0)
    throw new OptionError(`${path}.priority`, `must be an integer of at least 0, got ${shown(number)}`);
  if (role === 'standby')
    for (const [field, value] of Object.entries({ weight, zone }))
      if (value !== undefined)
        throw new OptionError(`${path}.${field}`, 'must be left out: a group has those of its primary');
  return { group, role, priority: number };
}

/** The nodes of the ring, each group in the place of its first node. @throws OptionError */
export function gatherGroups<S extends Groupable<S>>(specs: readonly S[], path: string): S[] {
  const groups = new Map<string, S[]>();
  for (const spec of specs) {
    if (spec.place === undefined) continue;
    const { group } = spec.place;
    groups.set(group, [...(groups.get(group) ?? []), spec]);
  }
  if (groups.size === 0) return [...specs];
  const single = new Set(specs.filter(({ place }) => place === undefined).map(({ name }) => name));
  const gathered: S[] = [];
  for (const spec of specs) {
    const name = spec.place?.group;
    if (name === undefined) {
      gathered.push(spec);
      continue;
    }
    const members = groups.get(name) as S[];
    if (members[0] !== spec) continue;
    if (single.has(name)) throw new OptionError(path, `'${name}' is the name of a group and of a node`);
    gathered.push(gather(name, members, path));
  }
  return gathered;
}

function gather<S extends Groupable<S>>(name: string, members: readonly S[], path: string): S {
  const [primary, second] = members.filter(({ place }) => place?.role === 'primary');
  if (primary === undefined || second !== undefined)
    throw new OptionError(path, `group '${name}' must have exactly one primary`);
  const odd = members.find(({ scheme }) => scheme !== primary.scheme);
  if (odd !== undefined)
    throw new OptionError(
      path,
      `the nodes of group '${name}' must be of one kind, not ${primary.scheme} and ${odd.scheme}`,
    );
  const ordered = [primary, ...members.filter((member) => member !== primary)];
  const identity = JSON.stringify(ordered.map((member) => [member.name, member.identity, member.place?.priority]));
  return { ...primary, name, identity, place: undefined, members: ordered };
}

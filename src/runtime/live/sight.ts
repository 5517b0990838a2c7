/** Who may know that an event happened: whoever may see a row it changes, by the very rules that narrow queries. */
import type { Caller } from '../../kernel/authority.ts';
import type { Permission } from '../../kernel/command.ts';
import type { Registry } from '../../kernel/module.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import type { AnyQuery } from '../../kernel/query.ts';

/** A view that an event changes, and the right that shows it. */
export interface Changed {
  readonly view: string;
  readonly permission: Permission;
  /** User ids whose rows it changes; absent where rows belong to nobody, and a right to one's own shows nothing. */
  readonly owners?: readonly string[];
}

export const mayKnow = (caller: Caller, changed: readonly Changed[]): boolean =>
  changed.some(({ permission, owners = [] }) => caller.may(permission) || (caller.mayOwn(permission) && owners.includes(caller.actor.id)));

/** Which views each kind of event changes. */
export class Sight {
  readonly #byType: ReadonlyMap<string, readonly AnyProjection[]>;
  readonly #always: readonly AnyProjection[];
  readonly #permissions: ReadonlyMap<AnyProjection, readonly Permission[]>;

  constructor({ projections, queries }: Pick<Registry, 'projections' | 'queries'>) {
    const views = [...projections.values()];
    const pairs = views.flatMap(view => view.events.map(({ type }) => ({ type, view })));
    this.#byType = new Map([...Map.groupBy(pairs, ({ type }) => type)].map(([type, group]) => [type, group.map(({ view }) => view)]));
    this.#always = views.filter(({ every }) => every !== undefined);
    this.#permissions = new Map(views.map(view => [view, permissionsOf(view, [...queries.values()])]));
  }

  /** What an event of this kind changes. `ownersIn` tells whose rows, by the view's name. */
  changedBy(type: string, ownersIn: ReadonlyMap<string, readonly string[]>): readonly Changed[] {
    return [...(this.#byType.get(type) ?? []), ...this.#always].flatMap(view => {
      const owners = ownersIn.get(view.name) ?? [];
      return (this.#permissions.get(view) ?? []).map(permission => ({
        view: view.name,
        permission,
        ...(view.ownRows === undefined ? {} : { owners }),
      }));
    });
  }
}

/** A view whose rows have no owner is shown by the queries that are about it: those that read it first, and others beside it. */
function permissionsOf(view: AnyProjection, queries: readonly AnyQuery[]): readonly Permission[] {
  if (view.ownRows !== undefined) return [view.ownRows.permission];
  const about = queries.filter(({ route, reads }) => route !== undefined && reads[0] === view);
  return [...new Set(about.map(({ permission }) => permission))];
}

/** The views whose change may change a query's answer. What keeps every event counts only where the query is about that. */
export const viewsBehind = ({ reads }: AnyQuery): readonly string[] =>
  reads.filter(({ every }, index) => every === undefined || index === 0).map(({ name }) => name);

/** Shapes of answers the screens made by hand rely on; the generic ones read theirs from the schemas. */

export interface Money {
  readonly amount: string;
  readonly currency: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface RecordRef {
  readonly category: string;
  readonly id: string;
}

export interface Me {
  readonly user: { readonly id: string; readonly email: string; readonly name: string; readonly roles: readonly string[] };
  readonly grants: readonly string[];
}

/** JSON Schema, as far as forms and tables read it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface Operation {
  readonly type: string;
  readonly summary: string;
  readonly path: string;
  readonly input: Schema;
  readonly output?: Schema;
  readonly clocks: readonly ('recorded' | 'happened')[];
}

export interface Noun {
  readonly noun: string;
  readonly module: string;
  readonly category: string | null;
  readonly list: Operation | null;
  readonly record: Operation | null;
  readonly views: readonly Operation[];
  readonly creates: readonly Operation[];
  readonly commands: readonly Operation[];
}

export interface Waiting {
  readonly status: string;
  readonly wait: string | null;
  readonly reason: string;
  readonly next: string;
  readonly since: string;
  readonly waitsFor: RecordRef | null;
  readonly movedBy: { readonly command: string; readonly permission: string } | null;
}

export interface Process extends Waiting {
  readonly saga: string;
  readonly instance: string;
  readonly about: RecordRef;
  readonly refused: { readonly command: string; readonly code: string; readonly because: string } | null;
  readonly tried: { readonly command: string; readonly times: number; readonly problem: string } | null;
  readonly correlationId: string;
}

export interface Fact {
  readonly position: string;
  readonly id: string;
  readonly category: string;
  readonly recordId: string;
  readonly revision: number;
  readonly type: string;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly correlationId: string;
  readonly causationId: string;
  readonly data: unknown;
}

export interface DealCard {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly accountName: string | null;
  readonly amount: Money | null;
  readonly percent: number;
  readonly ownerId: string;
  readonly expectedClose: string | null;
  readonly stageSince: string;
  readonly rotting: boolean | null;
}

export interface LeadCard {
  readonly id: string;
  readonly name: string;
  readonly company: string | null;
  readonly contactName: string | null;
  readonly value: Money | null;
  readonly ownerId: string;
  readonly stageSince: string;
}

export interface Column<Card> {
  readonly stage: string;
  readonly count: number;
  readonly sums: readonly Money[];
  readonly percent?: number;
  readonly weightedSums?: readonly Money[];
  readonly cards: readonly Card[];
}

export interface LeadBoard {
  readonly columns: readonly Column<LeadCard>[];
}

export interface DealColumn extends Column<DealCard> {
  readonly name: string;
  readonly kind: 'open' | 'paused' | 'won' | 'lost' | 'archive';
}

export interface DealBoard {
  readonly pipeline: { readonly id: string; readonly name: string };
  readonly columns: readonly DealColumn[];
}

export interface OrderLine {
  readonly line: number;
  readonly itemId: string;
  readonly sku: string;
  readonly description: string;
  readonly uom: string;
  readonly stocked: boolean;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly discount: string;
  readonly taxPercent: string;
  readonly net: Money;
  readonly priceSource: string;
  readonly priceLevel: number;
  readonly priceReason: string | null;
  readonly priceTried: readonly {
    readonly level: number;
    readonly name: string;
    readonly tried: string;
    readonly chosen: boolean;
    readonly unitPrice: string | null;
  }[];
  readonly reserved: string;
  readonly waiting: string;
  readonly shipped: string;
  readonly cancelled: string;
}

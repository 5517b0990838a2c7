import type pg from 'pg';
import { dealKeys } from './pipeline.ts';

/** What an act builds on was never made: something before it was refused. */
export class Unmade extends Error {
  override readonly name = 'Unmade';
}

/** Ids by the keys of the plan: of what acts made, and of what sagas made of it. */
export class Known {
  readonly #pool: pg.Pool;
  readonly #ids = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  made(key: string, id: string): void {
    if (this.#ids.has(key)) return;
    this.#ids.set(key, id);
    // The first act on a record is the one that made it.
    if (!this.#keys.has(id)) this.#keys.set(id, key);
  }

  /** @throws Unmade */
  idOf(key: string): string {
    const id = this.#ids.get(key);
    if (id === undefined) throw new Unmade(`Nothing was made of ${key}`);
    return id;
  }

  /** Takes in what the sagas made: deals and accounts of leads, orders of deals, what invoices come to. */
  async look(): Promise<void> {
    const { rows: leads } = await this.#pool.query<{ id: string; deal_id: string; account_id: string }>(
      'select id, deal_id, account_id from read.leads where deal_id is not null',
    );
    for (const { id, deal_id, account_id } of leads)
      this.#with(id, key => {
        this.made(`${key} account`, account_id);
        this.made(dealKeys(key).deal, deal_id);
      });
    // Of the orders and not of the deals, which forget one that was cancelled.
    const { rows: ordered } = await this.#pool.query<{ id: string; deal_id: string }>(
      'select id, deal_id from read.sales_orders where deal_id is not null',
    );
    for (const { id, deal_id } of ordered) this.#with(deal_id, key => this.made(dealKeys(key.replace(/ deal$/, '')).order, id));
    const { rows: invoices } = await this.#pool.query<{ order_id: string; account_id: string; gross: string }>(
      'select order_id, account_id, gross::text as gross from read.invoices where order_id is not null',
    );
    for (const { order_id, account_id, gross } of invoices)
      this.#with(order_id, key => {
        this.#ids.set(`${key} payer`, account_id);
        this.#ids.set(`${key} gross`, gross);
      });
  }

  /** Records of later acts, of a demo that is played again, and what people have made meanwhile, are none of its business yet. */
  #with(id: string, work: (key: string) => void): void {
    const key = this.#keys.get(id);
    if (key !== undefined) work(key);
  }
}

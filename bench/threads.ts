/** S4: whole threads, lead to paid invoice, per second over REST; nothing lost or doubled at the end. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startBareExpress } from './support/bare-express.ts';
import { Client } from './support/client.ts';
import { atLeast, type Figure, medianOf, publish, quantile } from './support/figures.ts';
import { type BenchHouse, freshFolder, startHouse } from './support/house.ts';
import { openShop, type Shop, thread } from './support/trade.ts';

const CLIENTS = 8;
const ROUND_MS = 10_000;
const WARM_MS = 5_000;
/** The best that Tryton 6.0, a whole ERP on Postgres, did on this kind of machine: two processes, over its own protocol. */
const TRYTON_FLOWS_PER_S = 0.93;

export async function threads(rounds: number): Promise<void> {
  const folder = await freshFolder();
  const house = await startHouse(folder, process.env['BENCH_NODE_OPTIONS'] ? { NODE_OPTIONS: process.env['BENCH_NODE_OPTIONS'] } : {});
  const bare = await startBareExpress();
  try {
    const agent = new Agent({ keepAlive: true, maxSockets: 2 * CLIENTS });
    const token = await house.signIn();
    const client = (): Client => new Client(house.url, token, agent);
    const shop = await openShop(client(), 'B');
    const runner = new Runner(client, shop, house);
    await runner.run(WARM_MS);
    const samples = { threads: [] as number[], p50: [] as number[], p99: [] as number[], posts: [] as number[], calls: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const { perSecond, durations, calls, spent } = await runner.run(ROUND_MS);
      samples.threads.push(perSecond);
      samples.calls.push(calls);
      samples.p50.push(quantile(durations, 0.5));
      samples.p99.push(quantile(durations, 0.99));
      samples.posts.push(await bare.postsPerSecond());
      const shares = [...spent].map(([role, ms]) => `${role} ${ms.toFixed(1)}`).join(', ');
      console.log(`round ${round + 1}: ${perSecond.toFixed(1)} threads/s; processor time of a thread in ms: ${shares}`);
    }
    await demandWhole((await house.stores()).databaseUrl, runner.orders);
    const figures: Figure[] = [
      { name: 'threads', unit: '1/s', samples: samples.threads },
      { name: 'thread p50', unit: 'ms', samples: samples.p50 },
      { name: 'thread p99', unit: 'ms', samples: samples.p99 },
      { name: 'calls per thread', unit: '', samples: samples.calls },
      { name: 'bare Express POST + JSON + zod', unit: '1/s', samples: samples.posts },
    ];
    const perSecond = medianOf(figures, 'threads');
    const possible = medianOf(figures, 'bare Express POST + JSON + zod') / medianOf(figures, 'calls per thread');
    await publish({
      bench: 'threads',
      figures,
      ratios: [
        atLeast('× Tryton (0.93 flows/s)', perSecond / TRYTON_FLOWS_PER_S, 30),
        atLeast('× bare Express', perSecond / possible, 0.5),
      ],
      notes: [`${runner.orders.length} threads checked: each whole, none lost, none doubled.`],
    });
  } finally {
    await bare.stop();
    await house.stop();
    await folder.remove();
  }
}

interface Round {
  readonly perSecond: number;
  readonly durations: readonly number[];
  /** Of one thread, questions asked again included. */
  readonly calls: number;
  /** Processor time of one thread by role, in milliseconds. */
  readonly spent: ReadonlyMap<string, number>;
}

class Runner {
  readonly #client: () => Client;
  readonly #shop: Shop;
  readonly #house: BenchHouse;
  readonly orders: string[] = [];
  #begun = 0;

  constructor(client: () => Client, shop: Shop, house: BenchHouse) {
    this.#client = client;
    this.#shop = shop;
    this.#house = house;
  }

  /** Clients carry thread after thread until the time is over; threads under way are finished and count with their time. */
  async run(milliseconds: number): Promise<Round> {
    const durations: number[] = [];
    const spentBefore = await this.#house.cpu();
    const begun = performance.now();
    const clients = Array.from({ length: CLIENTS }, this.#client);
    await Promise.all(
      clients.map(async client => {
        while (performance.now() - begun < milliseconds) {
          const at = performance.now();
          this.orders.push(await thread(client, this.#shop, String(++this.#begun)));
          durations.push(performance.now() - at);
        }
      }),
    );
    const seconds = (performance.now() - begun) / 1_000;
    const calls = clients.reduce((sum, client) => sum + client.calls, 0) / durations.length;
    const spentAfter = await this.#house.cpu();
    const spent = new Map([...spentAfter].map(([role, ms]) => [role, (ms - (spentBefore.get(role) ?? 0)) / durations.length] as const));
    return { perSecond: durations.length / seconds, durations, calls, spent };
  }
}

/** What one thread leaves in the log, no more and no less. */
const ONCE_EACH = [
  'LeadCaptured',
  'LeadConverted',
  'DealOpened',
  'DealOrdered',
  'SalesOrderPlaced',
  'SalesOrderAccepted',
  'StockReserved',
  'DeliveryPlanned',
  'DeliveryApproved',
  'StockIssued',
  'DeliveryShipped',
  'InvoiceDrafted',
  'InvoiceIssued',
  'PaymentApplied',
  'PaymentRecorded',
  'DealWon',
];
const REST_MS_MAX = 60_000;

/** @throws when a thread is not whole, or anything of it is there twice */
async function demandWhole(databaseUrl: string, orders: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const giveUpAt = performance.now() + REST_MS_MAX;
    for (let fault = await faultIn(client, orders); fault !== undefined; fault = await faultIn(client, orders)) {
      if (performance.now() > giveUpAt) throw new Error(`After ${REST_MS_MAX} ms of rest: ${fault}`);
      await sleep(200);
    }
  } finally {
    await client.end();
  }
}

/** What the log and the views do not tell as they should; both are asked, since either could be wrong. */
async function faultIn(client: pg.Client, orders: readonly string[]): Promise<string | undefined> {
  const { rows: counts } = await client.query<{ type: string; count: number }>(
    'select type, count(*)::int as count from eventstore.events where type = any($1) group by type',
    [ONCE_EACH],
  );
  const wrong = ONCE_EACH.filter(type => (counts.find(row => row.type === type)?.count ?? 0) !== orders.length);
  if (wrong.length > 0) return `not ${orders.length} of ${wrong.join(', ')}: ${JSON.stringify(counts)}`;
  const { rows } = await client.query<{ paid: number }>(
    `select count(*)::int as paid from read.invoices i join read.sales_orders o on i.id = o.id || '~1'
     where o.id = any($1) and i.status = 'Paid'`,
    [orders],
  );
  return rows[0]?.paid === new Set(orders).size ? undefined : `${rows[0]?.paid} of ${orders.length} invoices are paid`;
}

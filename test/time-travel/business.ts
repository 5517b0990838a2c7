/** A small firm that does one random thing after another, over the API: some of it is refused, as in life. */
import type { Random } from '../kill/random.ts';
import type { Voice } from '../support/house.ts';

const CURRENCY = 'RON';
const money = (amount: string) => ({ amount, currency: CURRENCY });

interface Note {
  readonly id: string;
  readonly status: string;
}

const NEXT_STEP: Readonly<Record<string, string>> = { Planned: 'approve', Approved: 'ship', Shipped: 'deliver' };

interface Invoice extends Note {
  readonly accountId: string;
  readonly open: { readonly amount: string };
}

export class Business {
  readonly #voice: Voice;
  readonly #random: Random;
  readonly #ids: Record<string, string[]> = {};
  #made = 0;
  #me = '';
  /** How often each thing was done, refusals left out. */
  readonly done: Record<string, number> = {};

  constructor(voice: Voice, random: Random) {
    this.#voice = voice;
    this.#random = random;
  }

  /** Records of a kind, by the name of their address. */
  all(kind: string): readonly string[] {
    return this.#ids[kind] ?? [];
  }

  async open(): Promise<void> {
    this.#me = ((await this.#voice.get('/me')).body as { readonly user: { readonly id: string } }).user.id;
    await this.#make('warehouses', { code: 'MAIN', name: 'Main warehouse' });
    await this.#make('warehouses', { code: 'SHOP', name: 'Shop' });
    await this.#make('price-lists', { name: 'Retail', currency: CURRENCY, isDefault: true });
    for (let item = 0; item < 4; item++) await this.#addItem();
    for (let account = 0; account < 3; account++) await this.#createAccount();
    for (const itemId of this.all('items')) await this.#receive(itemId, '40');
  }

  /** One thing of all there are to do. */
  async act(): Promise<void> {
    const chosen = this.#random.pick(this.#acts);
    await chosen();
  }

  readonly #acts: readonly (() => Promise<unknown>)[] = [
    () => this.#make('leads', { name: this.#name('Interest'), source: 'web', company: this.#name('Firm'), value: money('150.00') }),
    () => this.#make('leads', { name: this.#name('Question'), source: 'phone', requestCategory: 'goods', contact: { name: 'Ana' } }),
    () => this.#change('leads', 'edit', { name: this.#name('Renamed'), tags: ['hot'] }),
    () => this.#change('leads', 'stage', { stage: this.#random.pick(['InterestExpressed', 'Paused', 'NotProcessed']) }),
    () => this.#change('leads', 'disqualify', { reason: 'No money' }),
    () => this.#change('leads', 'reopen', { reason: 'Money came' }),
    () => this.#change('leads', 'convert', { accountId: this.#some('accounts'), currency: CURRENCY, amount: money('119.00') }),
    () => this.#make('deals', { name: this.#name('Deal'), accountId: this.#some('accounts'), currency: CURRENCY, amount: money('80.00') }),
    () => this.#change('deals', 'stage', { stage: this.#random.pick(['InitialContact', 'NeedsAssessment', 'Presentation']) }),
    () => this.#change('deals', 'edit', { amount: money(`${this.#random.between(10, 999)}.50`) }),
    () => this.#change('deals', 'lose', { reason: 'Too dear' }),
    () => this.#change('deals', 'lines', { itemId: this.#some('items'), quantity: '2' }),
    () => this.#change('accounts', 'edit', { name: this.#name('Account') }),
    () => this.#make('contacts', { name: this.#name('Person'), accountId: this.#some('accounts'), email: `p${this.#made}@firm.example` }),
    () => this.#change('items', 'edit', { name: this.#name('Better item') }),
    () => this.#change('items', 'standard-price', { ...this.#price(), currency: CURRENCY }),
    () => this.#change('price-lists', 'prices', { itemId: this.#some('items'), ...this.#price() }),
    () => this.#change('price-lists', `prices/${this.#some('items')}/withdraw`, {}),
    () => this.#receive(this.#some('items'), String(this.#random.between(1, 20))),
    () => this.#adjust(),
    () => this.#receiveLate(),
    () => this.#editPipeline(),
    () => this.#change('deals', 'observers', { userId: this.#me }),
    () => this.#make('handovers', { ownerId: this.#me, reason: 'Holidays', leads: [this.#some('leads')], deals: [this.#some('deals')] }),
    () => this.#make('sales-targets', { ownerId: this.#me, month: '2026-11', amount: money(`${this.#random.between(1, 9)}00.00`) }),
    () => this.#make('customer-groups', { name: this.#name('Group'), priority: this.#random.between(1, 9) }),
    () => this.#change('customer-groups', 'members', { accountId: this.#some('accounts') }),
    () => this.#change('deals', 'reopen', { reason: 'They called again' }),
    () => this.#merge(),
    () => this.#change('deals', 'merge/undo'),
    () => this.#change('sales-orders', 'ship-policy', { shipPolicy: 'shipPartial' }),
    () => this.#order(),
    () => this.#order(),
    () => this.#change('sales-orders', 'accept'),
    () => this.#change('sales-orders', 'accept'),
    () => this.#change('sales-orders', 'cancel', { reason: 'Changed my mind' }),
    () => this.#deliver(),
    () => this.#deliver(),
    () => this.#bill(),
    () => this.#bill(),
  ];

  readonly #name = (what: string): string => `${what} ${++this.#made}`;
  readonly #price = () => ({ unitPrice: `${this.#random.between(1, 50)}.25` });
  readonly #some = (kind: string): string => this.#random.pick(this.all(kind)) ?? 'none';

  async #make(kind: string, body: object): Promise<string | undefined> {
    const answer = await this.#voice.post(`/${kind}`, body);
    if (answer.status >= 300) return undefined;
    const id = String(answer.body['id']);
    (this.#ids[kind] ??= []).push(id);
    this.#count(kind);
    return id;
  }

  async #change(kind: string, what: string, body: object = {}, id = this.#some(kind)): Promise<boolean> {
    const { status } = await this.#voice.post(`/${kind}/${id}/${what}`, body);
    if (status < 300) this.#count(`${kind}/${what.split('/')[0]}`);
    return status < 300;
  }

  readonly #count = (what: string): void => {
    this.done[what] = (this.done[what] ?? 0) + 1;
  };

  #addItem(): Promise<unknown> {
    const [name, standardPrice] = [this.#name('Item'), { ...this.#price(), currency: CURRENCY }];
    return this.#make('items', { sku: `SKU-${this.#made}`, name, uom: 'piece', taxPercent: '19', standardPrice });
  }

  readonly #createAccount = (): Promise<unknown> => this.#make('accounts', { name: this.#name('Account'), currency: CURRENCY });

  readonly #receive = (itemId: string, quantity: string): Promise<unknown> =>
    this.#make('receipts', { warehouseId: this.#some('warehouses'), lines: [{ itemId, quantity, unitCost: '3.5' }] });

  /** Written down long after the goods came. */
  async #receiveLate(): Promise<void> {
    const lines = [{ itemId: this.#some('items'), quantity: '2', unitCost: '4' }];
    const body = { warehouseId: this.#some('warehouses'), receivedOn: `2026-0${this.#random.between(1, 9)}-15`, lines };
    const { status } = await this.#voice.post('/receipts', body);
    if (status < 300) this.#count('late receipts');
  }

  /** Two deals of one account that are the same sale. */
  async #merge(): Promise<void> {
    const { items } = (await this.#voice.get(`/deals?limit=200&filter[account]=${this.#some('accounts')}`)).body as {
      items: readonly Note[];
    };
    const [one, other] = this.#random.shuffled(items);
    if (other !== undefined) await this.#change('deals', 'merge', { intoId: other.id, addAmount: this.#random.chance(50) }, one?.id);
  }

  /** Another chance for a stage, a new stage, or one less whose deals go elsewhere. */
  #editPipeline(): Promise<unknown> {
    const stage = this.#random.pick(['InitialContact', 'NeedsAssessment', 'Presentation']);
    const added = `Extra${this.#random.between(1, 3)}`;
    const [what, body] = this.#random.pick([
      [`stages/${stage}/edit`, { percent: this.#random.between(5, 95) }],
      ['stages', { key: added, kind: 'open', name: added, phase: 'Development', percent: 30 }],
      [`stages/${added}/remove`, { target: 'InitialContact' }],
    ] as const);
    return this.#change('pipelines', what, body, 'default');
  }

  #adjust(): Promise<unknown> {
    const at = { warehouseId: this.#some('warehouses'), itemId: this.#some('items') };
    return this.#make('adjustments', { ...at, quantity: this.#random.pick(['-1', '0.5', '2']), reason: 'Counted' });
  }

  async #order(): Promise<void> {
    const [accountId, warehouseId] = [this.#some('accounts'), this.#some('warehouses')];
    const lines = [{ itemId: this.#some('items'), quantity: String(this.#random.between(1, 8)) }];
    await this.#make('sales-orders', { accountId, warehouseId, lines });
  }

  /** The next step of some delivery. */
  async #deliver(): Promise<void> {
    const { items: notes } = (await this.#voice.get('/deliveries?limit=200')).body as { items: readonly Note[] };
    const under = notes.filter(({ status }) => status in NEXT_STEP);
    if (under.length === 0) return;
    const { id, status } = this.#random.pick(under);
    await this.#change('deliveries', NEXT_STEP[status] ?? '', {}, id);
  }

  /** Issues some invoice, or pays a part or all of it. */
  async #bill(): Promise<void> {
    const { items: invoices } = (await this.#voice.get('/invoices?limit=200')).body as { items: readonly Invoice[] };
    const owed = invoices.filter(({ status }) => status === 'Draft' || status === 'Unpaid' || status === 'PartiallyPaid');
    if (owed.length === 0) return;
    const { id: invoiceId, status, accountId, open } = this.#random.pick(owed);
    if (status === 'Draft') return void (await this.#change('invoices', 'issue', {}, invoiceId));
    const part = money(this.#random.chance(50) ? open.amount : '1.00');
    await this.#make('payments', { accountId, amount: part, allocations: [{ invoiceId, amount: part }] });
  }
}

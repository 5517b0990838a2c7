import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let accountId: string;
beforeAll(async () => {
  house = await startHouse();
  accountId = await house.make('/accounts', { name: 'Acme', currency: 'RON' });
});
afterAll(() => house?.stop());

interface Stage {
  readonly key: string;
  readonly name: string;
  readonly percent: number;
  readonly target: string | null;
}
interface Pipeline {
  readonly id: string;
  readonly name: string;
  readonly revision: number | null;
  readonly stages: readonly Stage[];
}
interface Column {
  readonly stage: string;
  readonly name: string;
  readonly count: number;
  readonly sums: readonly { readonly amount: string }[];
  readonly weightedSums: readonly { readonly amount: string }[];
  readonly rotting: number | null;
  readonly cards: readonly {
    readonly id: string;
    readonly percent: number;
    readonly ageDays: number | null;
    readonly rotting: boolean | null;
  }[];
}

const shown = async <Body>(path: string) => (await house.get(path)).body as unknown as Body;
const board = async (query: string) => (await shown<{ columns: Column[] }>(`/boards/deals?${query}`)).columns;
const column = async (query: string, stage: string) => (await board(query)).find(entry => entry.stage === stage) as Column;
const ron = (amount: string) => ({ amount, currency: 'RON' });

async function pipeline(): Promise<string> {
  const id = await house.make('/pipelines', { name: 'Tenders' });
  await house.make(`/pipelines/${id}/activate`);
  return id;
}

const deal = (pipelineId: string, wish: object = {}, on?: string) =>
  house.make(
    '/deals',
    { name: 'Chairs', accountId, currency: 'RON', amount: ron('1000.00'), pipelineId, ...wish },
    on === undefined ? {} : { on },
  );

/** An instant at which all that was done so far is known, and nothing that follows. */
async function afterwards(): Promise<string> {
  await new Promise(resolve => setTimeout(resolve, 5));
  const now = new Date().toISOString();
  await new Promise(resolve => setTimeout(resolve, 5));
  return now;
}

describe('the pipeline that comes with the house', () => {
  test('is there untouched, is changed by anybody who may, and keeps its past', async () => {
    const untouched = await shown<Pipeline>('/pipelines/default');
    expect(untouched).toMatchObject({ name: 'Sales', revision: null });
    expect(untouched.stages).toHaveLength(12);
    expect((await shown<{ items: Pipeline[] }>('/pipelines')).items.map(({ id }) => id)).toEqual(['default']);

    const before = await afterwards();
    await house.make('/pipelines/default/stages/Presentation/edit', { name: 'Show room', percent: 45 });
    const director = await house.as('commercial-director');
    expect((await director.post('/pipelines/default/rename', { name: 'Mine' })).status).toBe(403);
    const changed = await shown<Pipeline>('/pipelines/default');
    expect(changed).toMatchObject({ name: 'Sales', revision: 1 });
    expect(changed.stages).toMatchObject(
      untouched.stages.map(stage => (stage.key === 'Presentation' ? { name: 'Show room', percent: 45 } : stage)),
    );
    expect((await column('', 'Presentation')).name).toBe('Show room');
    expect((await column(`asOf=${before}`, 'Presentation')).name).toBe('Presentation');
    expect((await house.post('/pipelines/default/rename', { name: 'x' }, { ifMatch: 0 })).status).toBe(412);
  });
});

describe('a pipeline of its own', () => {
  test('has a board of its own, on which its deals are counted, summed and weighted', async () => {
    const id = await pipeline();
    const moved = await deal(id);
    await deal(id);
    const elsewhere = await deal('default');
    await house.make(`/deals/${moved}/stage`, { stage: 'Proposal' });
    expect((await board(`pipeline=${id}`)).map(({ stage, count }) => [stage, count])).toEqual([
      ['New', 1],
      ['Qualified', 0],
      ['Proposal', 1],
      ['Won', 0],
      ['Lost', 0],
    ]);
    expect(await column(`pipeline=${id}`, 'Proposal')).toMatchObject({ sums: [ron('1000.00')], weightedSums: [ron('600.00')] });
    expect((await column('', 'NotProcessed')).cards.map(card => card.id)).toEqual([elsewhere]);
    expect((await house.get('/boards/deals?pipeline=nowhere')).status).toBe(404);
    expect((await house.post('/deals', { name: 'x', accountId, currency: 'RON', pipelineId: 'nowhere' })).status).toBe(422);
  });

  test('changes the chance of its open deals from then on, and of what is closed never', async () => {
    const id = await pipeline();
    const [open, lost] = [await deal(id), await deal(id)];
    for (const each of [open, lost]) await house.make(`/deals/${each}/stage`, { stage: 'Qualified' });
    await house.make(`/deals/${lost}/lose`, { reason: 'Price' });
    const before = await afterwards();
    await house.make(`/pipelines/${id}/stages/Qualified/edit`, { percent: 35 });
    expect((await column(`pipeline=${id}`, 'Qualified')).weightedSums).toEqual([ron('350.00')]);
    expect((await column(`pipeline=${id}&asOf=${before}`, 'Qualified')).weightedSums).toEqual([ron('200.00')]);
    expect(await shown(`/deals/${open}`)).toMatchObject({ percent: 35 });
    expect(await shown(`/deals/${open}?asOf=${before}`)).toMatchObject({ percent: 20 });
    expect(await shown(`/deals/${lost}`)).toMatchObject({ percent: 0, kind: 'lost' });
    const span = 'from=2000-01-01T00:00:00.000Z&until=2999-01-01T00:00:00.000Z';
    const { items } = await shown<{ items: { id: string }[] }>(`/reports/sales/records?${span}&measure=lost`);
    expect(items.map(record => record.id)).toContain(lost);
  });

  test('loses a stage, whose deals go to the target by one event each', async () => {
    const id = await pipeline();
    const deals = [await deal(id), await deal(id), await deal(id)];
    for (const each of deals) await house.make(`/deals/${each}/stage`, { stage: 'Qualified' });
    await house.make(`/pipelines/${id}/stages/Qualified/remove`, { target: 'Proposal' });
    for (const each of deals) {
      await house.until(`/deals/${each}`, body => body['stage'] === 'Proposal');
      const { items } = await shown<{ items: { type: string; data: object }[] }>(`/records/deal/${each}/history`);
      expect(items.filter(({ type }) => type === 'DealStageChanged')).toHaveLength(2);
      expect(items.at(-1)?.data).toMatchObject({ from: 'Qualified', to: 'Proposal', reason: expect.stringContaining('removed') });
    }
    const late = await deal(id);
    expect((await house.post(`/deals/${late}/stage`, { stage: 'Qualified' })).body).toMatchObject({ errors: [{ pointer: '/stage' }] });
    expect((await house.post(`/pipelines/${id}/stages/Won/remove`, { target: 'New' })).body).toMatchObject({ code: 'StageIsNeeded' });
  });

  test('tells the age of its cards by a day, and which of them are rotting', async () => {
    const id = await pipeline();
    await house.make(`/pipelines/${id}/stages/New/edit`, { daysMax: 10, cardsMax: 1 });
    const [old, young] = [await deal(id, {}, '2026-03-01'), await deal(id, {}, '2026-03-10')];
    const on = async (day: string) => column(`pipeline=${id}&on=${day}`, 'New');
    expect(await on('2026-03-12')).toMatchObject({
      count: 2,
      cardsMax: 1,
      daysMax: 10,
      rotting: 1,
      cards: [
        { id: young, ageDays: 2, rotting: false },
        { id: old, ageDays: 11, rotting: true },
      ],
    });
    expect((await on('2026-03-11')).rotting).toBe(0);
    expect(await column(`pipeline=${id}`, 'New')).toMatchObject({ rotting: null, cards: [{ ageDays: null }, { ageDays: null }] });
  });

  test('takes in what a lead became, and deals of other pipelines', async () => {
    const id = await pipeline();
    const lead = await house.make('/leads', {
      name: 'Ten',
      company: 'Firm',
      source: 'web',
      requestCategory: 'x',
      contact: { phone: '021' },
    });
    await house.make(`/leads/${lead}/convert`, { currency: 'RON', pipelineId: id });
    const { dealId } = await house.until(`/leads/${lead}`, body => body['dealId'] !== null);
    expect(await house.until(`/deals/${dealId}`, () => true)).toMatchObject({ pipelineId: id, stage: 'New' });
    const other = await deal('default');
    await house.make(`/deals/${other}/pipeline`, { pipelineId: id, stage: 'Qualified', reason: 'A small one' });
    expect(await shown(`/deals/${other}`)).toMatchObject({ pipelineId: id, stage: 'Qualified', percent: 20 });
  });

  test('shows which pauses end by a day', async () => {
    const id = await pipeline();
    await house.make(`/pipelines/${id}/stages`, { key: 'Later', kind: 'paused', name: 'Later', phase: 'Open' });
    const paused = await deal(id);
    await house.make(`/deals/${paused}/stage`, { stage: 'Later', resumeOn: '2999-05-01' });
    const due = async (day: string) =>
      (await shown<{ items: { id: string }[] }>(`/deals?filter[pipeline]=${id}&filter[resumesTo]=${day}`)).items;
    expect((await due('2999-05-01')).map(entry => entry.id)).toEqual([paused]);
    expect(await due('2999-04-30')).toEqual([]);
  });
});

describe('deals that are one', () => {
  test('are merged, counted once, found by either name, and taken apart again', async () => {
    const id = await pipeline();
    const [ion, ana] = [
      await house.make('/contacts', { name: 'Ion', accountId }),
      await house.make('/contacts', { name: 'Ana', accountId }),
    ];
    const [source, target, last] = [
      await deal(id, { contactId: ion, description: 'By May' }),
      await deal(id, { contactId: ana }),
      await deal(id),
    ];
    const before = await board(`pipeline=${id}`);
    const untouched = await shown<object>(`/deals/${target}`);

    await house.make(`/deals/${source}/merge`, { intoId: target, addAmount: true });
    expect(await shown(`/deals/${target}`)).toMatchObject({ amount: ron('2000.00'), contactId: ana, contactIds: [ion] });
    expect(await column(`pipeline=${id}`, 'New')).toMatchObject({ count: 2, sums: [ron('3000.00')] });
    expect(await shown(`/deals/${target}/merged`)).toMatchObject({
      items: [{ dealId: source, description: 'By May', amountAdded: ron('1000.00') }],
    });
    const listed = async () => (await shown<{ items: { id: string }[] }>(`/deals?filter[pipeline]=${id}`)).items.map(entry => entry.id);
    expect((await listed()).toSorted()).toEqual([target, last].toSorted());
    expect((await house.post(`/deals/${target}/merge`, { intoId: source })).body).toMatchObject({ code: 'MergeCycle' });

    await house.make(`/deals/${target}/merge`, { intoId: last });
    expect(await shown(`/deals/${source}`)).toMatchObject({ kind: 'merged', mergedInto: target, survivorId: last });
    expect(await shown(`/deals/${target}`)).toMatchObject({ survivorId: last });
    const refused = await house.post(`/deals/${source}/merge/undo`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'DealMerged', details: { survivorId: last } } });

    await house.make(`/deals/${target}/merge/undo`);
    await house.make(`/deals/${source}/merge/undo`);
    expect(await board(`pipeline=${id}`)).toEqual(before);
    const { revision: _, ...again } = await shown<{ revision: number }>(`/deals/${target}`);
    expect(untouched).toMatchObject(again);
    await house.until('/processes?filter[saga]=deal-merge', ({ items }) => (items as unknown[]).length === 0);
  });

  test('are merged only by who may see both', async () => {
    const id = await pipeline();
    const seller = await house.as('sales-manager');
    const own = await seller.make('/accounts', { name: 'Own', currency: 'RON' });
    const mine = await seller.make('/deals', { name: 'Mine', accountId: own, currency: 'RON' });
    const other = await deal(id);
    expect(await seller.post(`/deals/${mine}/merge`, { intoId: other })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/intoId' }] },
    });
    expect((await seller.post(`/deals/${other}/merge`, { intoId: mine })).status).toBe(404);
  });
});

describe('what the pipeline forbids', () => {
  test('passes once by an approval that another gave', async () => {
    const id = await pipeline();
    const director = await house.as('commercial-director');
    const open = await deal(id);
    const refused = await house.post(`/deals/${open}/win`, { reason: 'Signed on paper' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'OverrideRequired', details: { rule: 'stageSkip' } } });
    const approved = async (details: unknown) => {
      const asked = { ...(details as object), reason: 'They are waiting', evidence: [{ description: 'Their letter' }] };
      const approval = await house.make('/approvals', asked);
      await director.until(`/approvals/${approval}`, () => true);
      await director.make(`/approvals/${approval}/approve`);
      return approval;
    };
    const stageSkip = await approved(refused.body['details']);
    const missing = await house.post(`/deals/${open}/win`, { reason: 'Signed on paper', approvals: { stageSkip } });
    expect(missing).toMatchObject({ status: 422, body: { errors: [{ pointer: '/orderId' }] } });
    const { approvable } = missing.body['details'] as { approvable: readonly unknown[] };
    const winWithoutContract = await approved(approvable[0]);
    await house.make(`/deals/${open}/win`, { reason: 'Signed on paper', approvals: { stageSkip, winWithoutContract } });
    expect(await shown(`/deals/${open}`)).toMatchObject({ stage: 'Won', kind: 'won' });
  });
});

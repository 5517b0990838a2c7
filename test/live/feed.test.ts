import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, startHouse, type TestHouse, type Voice } from '../support/house.ts';
import { type Listening, listenTo } from './listening.ts';

const CHANGES = 40;
const PROMISED_MS = 100;

let house: TestHouse;
let ana: Voice;
let dan: Voice;
const open: Listening[] = [];

beforeAll(async () => {
  house = await startHouse();
  ana = await house.as('sales-manager');
  dan = await house.as('sales-manager');
});
afterEach(() => {
  for (const listening of open.splice(0)) listening.stop();
});
afterAll(() => house?.stop());

/** A session of its own for a feed, and who it is. */
async function session(voice: Voice): Promise<{ readonly token: string; readonly id: string; readonly email: string }> {
  const { id, email } = (await voice.get('/me')).body['user'] as { id: string; email: string };
  const answer = await voice.post('/sessions', { email, password: ADMIN_PASSWORD });
  return { token: String(answer.body['token']), id, email };
}

async function listens(voice: Voice, options: { readonly query?: string; readonly after?: string } = {}): Promise<Listening> {
  const listening = await listenTo(house.url, (await session(voice)).token, options);
  open.push(listening);
  return listening;
}

const lead = { name: 'Chairs', source: 'web', requestCategory: 'Furniture' };
const about = (id: string) => (heard: { readonly data: Readonly<Record<string, unknown>> }) => heard.data['id'] === id;

describe('the live feed', () => {
  // Measured again where the machine is busy with others at that moment: what is promised is the house's part of the time.
  test('tells another person’s change within 100 ms of its event', { retry: 3 }, async () => {
    const listening = await listens(house, { query: '?queries=ShowLeadBoard' });
    for (let index = 0; index < CHANGES; index++) {
      const id = await ana.make('/leads', lead);
      await listening.until(about(id));
    }
    const late = listening.heard
      .filter(({ event }) => event === 'change')
      .map(({ at, data }) => at - Date.parse(String(data['recordedAt'])))
      .sort((a, b) => a - b);
    expect(late).toHaveLength(CHANGES);
    // One in twenty may meet a pause of the machine; what is promised is the rest.
    expect(late[Math.ceil(CHANGES * 0.95) - 1]).toBeLessThanOrEqual(PROMISED_MS);
  });

  test('tells nobody of records that are not theirs, and the former and the new owner of what was given away', async () => {
    const [hers, director] = [await listens(ana), await house.as('commercial-director')];
    const everything = await listens(director);
    const his = await dan.make('/leads', { ...lead, name: 'CANARY' });
    const own = await ana.make('/leads', lead);
    await hers.until(about(own));
    await everything.until(about(his));
    expect(JSON.stringify(hers.heard)).not.toContain(his);
    expect(JSON.stringify(everything.heard)).not.toContain('CANARY');

    const [{ id: anaId }, { id: danId }] = [await session(ana), await session(dan)];
    await director.make(`/leads/${his}/assign`, { ownerId: anaId });
    await hers.until(about(his));
    const [before] = [hers.heard.length];
    await director.make(`/leads/${his}/assign`, { ownerId: danId });
    await hers.until(heard => hers.heard.indexOf(heard) >= before && about(his)(heard));
    await dan.make(`/leads/${his}/disqualify`, { reason: 'No budget' });
    const after = await ana.make('/leads', lead);
    await hers.until(about(after));
    expect(hers.heard.filter(about(his)).map(({ data }) => data['type'])).toEqual(['LeadAssigned', 'LeadAssigned']);
  });

  test('tells who observes a deal of it, from the day they may to the day they may no more', async () => {
    const hers = await listens(ana);
    const { id: anaId } = await session(ana);
    const account = await dan.make('/accounts', { name: 'Acme', currency: 'RON' });
    const deal = await dan.make('/deals', { name: 'Chairs', accountId: account, currency: 'RON' });
    await dan.make(`/deals/${deal}/observers`, { userId: anaId });
    await dan.make(`/deals/${deal}/edit`, { name: 'Tables' });
    await dan.make(`/deals/${deal}/observers/${anaId}/remove`);
    await dan.make(`/deals/${deal}/edit`, { name: 'Desks' });
    const after = await ana.make('/leads', lead);
    await hers.until(about(after));
    const told = hers.heard.filter(about(deal)).map(({ data }) => data['type']);
    expect(told).toEqual(['DealObserverAdded', 'DealEdited', 'DealObserverRemoved']);
  });

  test('tells what was asked for: kinds of records, single records, answers of queries', async () => {
    const first = await house.make('/leads', lead);
    const [kinds, single, board] = await Promise.all([
      listens(house, { query: '?categories=account' }),
      listens(house, { query: `?records=lead-${first}` }),
      listens(house, { query: '?queries=ShowDealBoard' }),
    ]);
    await house.make(`/leads/${first}/disqualify`, { reason: 'No budget' });
    await house.make('/leads', lead);
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON' });
    for (const listening of [kinds, board]) await listening.until(about(account));
    await single.until(about(first));
    const told = ({ heard }: Listening) => heard.filter(({ event }) => event === 'change').map(({ data }) => data['type']);
    expect(told(kinds)).toEqual(['AccountCreated']);
    expect(told(board)).toEqual(['AccountCreated']);
    expect(told(single)).toEqual(['LeadDisqualified']);
    const { status, body } = await house.get('/feed?queries=NoSuchQuery');
    expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ pointer: '/queries' }] } });
  });

  test('goes on from the last id, with nothing missed and nothing twice', async () => {
    const first = await listens(house, { query: '?categories=lead' });
    const seen = await house.make('/leads', lead);
    await first.until(about(seen));
    first.stop();
    const missed: string[] = [];
    for (let index = 0; index < 5; index++) missed.push(await house.make('/leads', lead));
    const second = await listens(house, { query: '?categories=lead', after: first.lastId() });
    const live = await house.make('/leads', lead);
    await second.until(about(live));
    expect(second.heard.filter(({ event }) => event === 'change').map(({ data }) => data['id'])).toEqual([...missed, live]);
    const lost = await listens(house, { after: '999999999999' });
    expect(lost.heard.map(({ event }) => event)).toEqual(['reset', 'ready']);
  });

  test('a query that carries the token of a change shows it', async () => {
    const listening = await listens(house, { query: '?categories=lead' });
    const id = await house.make('/leads', lead);
    const { data } = await listening.until(about(id));
    expect(await ana.get('/boards/leads', { token: String(data['token']) })).toMatchObject({ status: 200 });
    expect(await house.get(`/leads/${id}`, { token: String(data['token']) })).toMatchObject({ status: 200, body: { id } });
  });

  test('says whether the change was one’s own, and not whose it was', async () => {
    const [hers, everything] = [await listens(ana), await listens(house)];
    const id = await ana.make('/leads', lead);
    expect((await hers.until(about(id))).data['mine']).toBe(true);
    const { data } = await everything.until(about(id));
    expect(data).toMatchObject({ mine: false, category: 'lead', revision: 0, type: 'LeadCaptured' });
    expect(Object.keys(data).sort()).toEqual(['category', 'id', 'mine', 'position', 'recordedAt', 'revision', 'token', 'type']);
  });

  test('obeys a change of rights at once, and ends with the session', async () => {
    const eva = await house.as('commercial-director');
    const { token, id: evaId } = await session(eva);
    const hers = await listenTo(house.url, token);
    open.push(hers);
    const before = await ana.make('/leads', lead);
    await hers.until(about(before));
    await house.make(`/users/${evaId}/roles`, { roles: ['sales-manager'] });
    await ana.make('/leads', { ...lead, name: 'CANARY' });
    const own = await eva.make('/leads', lead);
    await hers.until(about(own));
    expect(hers.heard.filter(({ event }) => event === 'change').map(({ data }) => data['id'])).toEqual([before, own]);
    await house.make(`/users/${evaId}/disable`, { reason: 'Left' });
    await hers.ended;
    await expect(listenTo(house.url, token)).resolves.toMatchObject({ status: 401 });
  });

  test('is for those who are signed in', async () => {
    await expect(listenTo(house.url, 'nonsense')).resolves.toMatchObject({ status: 401 });
  });
});

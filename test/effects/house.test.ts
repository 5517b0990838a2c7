/** Letters and webhooks of the whole house, to receivers on this machine. */
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';
import { eventually, type HttpReceiver, httpReceiver, type MailReceiver, mailReceiver, type Received } from './receivers.ts';

let house: TestHouse;
let hooks: HttpReceiver;
let post: MailReceiver;

beforeAll(async () => {
  hooks = await httpReceiver();
  post = await mailReceiver();
  house = await startHouse({ smtpUrl: post.url, mailFrom: 'Sales <sales@firm.example>', webhooksAllow: '127.0.0.0/8' });
}, 60_000);

afterAll(async () => {
  await house?.stop();
  await hooks?.close();
  await post?.close();
});

type Item = Readonly<Record<string, unknown>>;
const itemsAt = async (path: string): Promise<readonly Item[]> => (await house.get(path)).body['items'] as Item[];

/** The first item of a list, as soon as it pleases. */
const itemAt = (path: string, pleases: (item: Item) => boolean = () => true): Promise<Item> =>
  eventually(async () => (await itemsAt(path)).find(pleases), `What was looked for at ${path}`);

let marks = 0;
const makeAccount = (name: string): Promise<string> => house.make('/accounts', { name, currency: 'RON', code: `A${marks++}` });

/** An endpoint on this machine that hears of new accounts, until the work is done. */
async function withEndpoint(terms: object, work: (id: string) => Promise<void>): Promise<void> {
  const id = await house.make('/webhook-endpoints', { name: 'Shop', url: hooks.url, events: ['AccountCreated'], ...terms });
  try {
    await work(id);
  } finally {
    await house.post(`/webhook-endpoints/${id}/disable`, { because: 'The test is over' });
  }
}

const secretOf = async (id: string): Promise<string> => String((await house.get(`/webhook-endpoints/${id}/secret`)).body['secret']);
const opened = (secret: string, { body, headers }: Received): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe('an endpoint', () => {
  test('hears of the facts it asked for, once each, signed so that it can know who speaks', () =>
    withEndpoint({}, async id => {
      const account = await makeAccount('Heard GmbH');
      const got = await hooks.until(({ body }) => body.includes(account));
      expect(opened(await secretOf(id), got)).toMatchObject({
        type: 'AccountCreated',
        record: { category: 'account', id: account, revision: 0 },
        data: { currency: 'RON' },
      });
      const delivery = await itemAt(`/webhook-endpoints/${id}/deliveries`, ({ status }) => status === 'done');
      expect(delivery['id']).toBe(got.headers['webhook-id']);
      const shown = await house.get(`/effects/${delivery['id']}`);
      expect(shown.body).toMatchObject({ tries: 1, lines: [{ number: 1, answer: '204', problem: null }] });
      expect(hooks.received.filter(({ body }) => body.includes(account))).toHaveLength(1);
    }));

  test('hears nothing of what it did not ask for, of what was imported, and of commands that were refused', () =>
    withEndpoint({}, async id => {
      await house.make('/accounts', { name: 'Old AG', currency: 'RON' }, { on: '2020-02-03' });
      const account = await makeAccount('New AG');
      await house.make(`/accounts/${account}/block`, { reason: 'A test' });
      expect((await house.post('/accounts', { name: 'Twice', currency: 'RON', code: `A${marks - 1}` })).status).toBe(409);
      const last = await makeAccount('Last AG');
      await hooks.until(({ body }) => body.includes(last));
      const told = await itemsAt(`/webhook-endpoints/${id}/deliveries?sort=oldest`);
      expect(told.map(({ about }) => (about as { stream: string }).stream)).toEqual([`account-${account}`, `account-${last}`]);
    }));

  test('is sent nothing of a person unless it may have it', async () => {
    await withEndpoint({ events: ['ContactAdded'] }, () =>
      withEndpoint({ events: ['ContactAdded'], personal: true }, async trusted => {
        const contact = await house.make('/contacts', { name: 'Ada Marker', email: 'ada.marker@person.example' });
        const got = await eventually(() => {
          const both = hooks.received.filter(({ body }) => body.includes(contact));
          return both.length === 2 ? both : undefined;
        }, 'Both messages');
        const secret = await secretOf(trusted);
        const forTrusted = got.filter(received => {
          try {
            return opened(secret, received) !== undefined;
          } catch {
            return false;
          }
        });
        expect(forTrusted).toHaveLength(1);
        expect(forTrusted[0]?.body).toContain('ada.marker@person.example');
        expect(got.find(received => received !== forTrusted[0])?.body).not.toMatch(/Ada|ada\.marker/);
      }),
    );
  });

  test('may be let hear of persons only by who has the right to tell of them', async () => {
    await house.post('/roles', { role: 'hooks', name: 'Hooks', grants: ['platform:webhooks'] });
    const somebody = await house.as('hooks');
    const terms = { name: 'X', url: hooks.url, events: ['*'], personal: true };
    expect((await somebody.post('/webhook-endpoints', terms)).body).toMatchObject({ code: 'BeyondOwnRights' });
    const id = await somebody.make('/webhook-endpoints', { ...terms, personal: false });
    expect((await somebody.get(`/webhook-endpoints/${id}/secret`)).status).toBe(403);
    await house.post(`/webhook-endpoints/${id}/disable`, { because: 'The test is over' });
  });

  test('is signed for with both secrets while it changes them', () =>
    withEndpoint({}, async id => {
      const former = await secretOf(id);
      await house.make(`/webhook-endpoints/${id}/rotate-secret`, { formerHours: 1 });
      const secret = await secretOf(id);
      const account = await makeAccount('Rotated');
      const got = await hooks.until(({ body }) => body.includes(account));
      expect(secret).not.toBe(former);
      for (const known of [former, secret]) expect(opened(known, got)).toMatchObject({ record: { id: account } });
      await house.make(`/webhook-endpoints/${id}/rotate-secret`, { formerHours: 0 });
      const next = await makeAccount('Rotated at once');
      const later = await hooks.until(({ body }) => body.includes(next));
      expect(() => opened(secret, later)).toThrow();
      expect(opened(await secretOf(id), later)).toMatchObject({ record: { id: next } });
    }));

  test('that answers 410 is disabled; what was given up can be replayed with a note once it is back', () =>
    withEndpoint({}, async id => {
      hooks.answer = response => response.writeHead(410).end();
      const account = await makeAccount('Gone');
      await house.until(`/webhook-endpoints/${id}`, ({ enabled }) => enabled === false);
      hooks.answer = response => response.writeHead(204).end();
      const lost = await itemAt(`/effects?filter[status]=given-up&filter[destination]=webhook:${id}`);
      expect((await house.post(`/effects/${lost['id']}/replay`, {})).status).toBe(422);
      await house.make(`/webhook-endpoints/${id}/enable`);
      await house.make(`/effects/${lost['id']}/replay`, { note: 'They moved their server' });
      await house.until(`/effects/${lost['id']}`, ({ status }) => status === 'done');
      const both = hooks.received.filter(({ body }) => body.includes(account));
      expect(both.map(({ headers }) => headers['webhook-id'])).toEqual([lost['id'], lost['id']]);
      const history = await itemsAt(`/records/effect/${lost['id']}/history`);
      expect(history.map(({ type, data }) => [type, (data as { note?: string }).note])).toEqual([
        ['EffectGivenUp', undefined],
        ['EffectReplayed', 'They moved their server'],
      ]);
      expect((await house.post(`/effects/${lost['id']}/replay`, { note: 'Again' })).body).toMatchObject({ code: 'InvalidTransition' });
    }));

  test.each(['ftp://files.example/x', 'file:///etc/passwd', 'https://user:word@shop.example/', 'no url'])('cannot be at %s', async url => {
    const answer = await house.post('/webhook-endpoints', { name: 'X', url, events: ['*'] });
    expect([answer.status, answer.body['errors']]).toMatchObject([422, [{ pointer: '/url' }]]);
  });
});

describe('an invoice', () => {
  async function issued(): Promise<{ readonly account: string; readonly invoice: string }> {
    const account = await makeAccount('Buyer SRL');
    const item = { sku: `S${marks++}`, name: 'Advice', uom: 'hour', taxPercent: '19' };
    const itemId = await house.make('/items', item);
    const lines = [{ itemId, quantity: '2', unitPrice: '10', discount: '0' }];
    const invoice = await house.make('/invoices', { accountId: account, lines });
    await house.make(`/invoices/${invoice}/issue`, { series: 'LET' });
    return { account, invoice };
  }

  test('is sent to the customer once, and the log says so', async () => {
    const { account, invoice } = await issued();
    await house.make('/contacts', { name: 'Bea', accountId: account, email: 'bea@buyer.example', primary: true });
    await house.make(`/invoices/${invoice}/send`);
    const letter = await post.until(({ to }) => to.includes('bea@buyer.example'));
    expect(letter.raw).toMatch(/Subject: Invoice LET-/);
    expect(letter.raw).toContain('total 23.80 RON');
    const sent = await itemAt('/effects?filter[effect]=InvoiceLetter&filter[status]=done');
    expect(letter.raw.toLowerCase()).toContain(`message-id: <${sent['id']}@firm.example>`);
    const types = async () => (await itemsAt(`/records/invoice/${invoice}/history`)).map(({ type }) => type);
    await eventually(async () => ((await types()).at(-1) === 'InvoiceSent' ? true : undefined), 'InvoiceSent');
    expect(post.letters.filter(({ to }) => to.includes('bea@buyer.example'))).toHaveLength(1);
  });

  test('whose reader is unknown to the mail server counts as not sent, without their address in what is kept', async () => {
    const { account, invoice } = await issued();
    post.refuse = address => (address === 'nobody@buyer.example' ? 550 : undefined);
    const contactId = await house.make('/contacts', { name: 'Nobody', accountId: account, email: 'nobody@buyer.example' });
    await house.make(`/invoices/${invoice}/send`, { contactId });
    const failed = await itemAt(`/records/invoice/${invoice}/history`, ({ type }) => type === 'InvoiceSendingFailed');
    expect(JSON.stringify(failed)).toContain('550');
    const effect = await itemAt('/effects?filter[effect]=InvoiceLetter&filter[status]=given-up');
    const kept = JSON.stringify([failed, effect, (await house.get(`/effects/${effect['id']}`)).body]);
    expect(kept).not.toContain('nobody@buyer.example');
  });

  test('is not sent while it is a draft, nor to nobody, nor to somebody else', async () => {
    const { account, invoice } = await issued();
    expect((await house.post(`/invoices/${invoice}/send`)).body).toMatchObject({ code: 'NoAddress' });
    const other = await house.make('/contacts', { name: 'Stranger', email: 'stranger@other.example' });
    expect((await house.post(`/invoices/${invoice}/send`, { contactId: other })).body).toMatchObject({ code: 'NoAddress' });
    const mute = await house.make('/contacts', { name: 'Mute', accountId: account });
    expect((await house.post(`/invoices/${invoice}/send`, { contactId: mute })).body).toMatchObject({ code: 'NoAddress' });
    expect((await house.post('/invoices/none/send')).status).toBe(404);
  });
});

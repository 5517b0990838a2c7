import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailer } from '../../src/integrations/mail.ts';
import { type MailReceiver, mailReceiver } from '../effects/receivers.ts';

let server: MailReceiver;
const never = new AbortController().signal;
const letter = { to: ['ada@reader.example'], subject: 'Factură ș ț', text: 'Bună ziua\n' };
const send = (url = server.url, to = letter.to) =>
  mailer({ url, from: 'Sales <sales@firm.example>' })('11111111-1111-5111-8111-111111111111', { ...letter, to }, never);

beforeAll(async () => {
  server = await mailReceiver();
});
afterAll(() => server.close());

test('a letter bears the same id however often it is sent, by which its reader knows a repetition', async () => {
  expect(await send()).toMatchObject({ kind: 'taken' });
  await send();
  const ids = server.letters.map(({ raw }) => /^message-id: (.*)$/im.exec(raw)?.[1]?.trim());
  expect(ids).toEqual(Array.from({ length: 2 }, () => '<11111111-1111-5111-8111-111111111111@firm.example>'));
});

test('a mailbox that does not exist is final, one that is busy is not, and neither stops the letters to others', async () => {
  server.refuse = address => (address.startsWith('ada.marker') ? 550 : address.startsWith('busy') ? 450 : undefined);
  const none = await send(server.url, ['ada.marker@reader.example']);
  expect(none).toMatchObject({ kind: 'refused' });
  expect(await send(server.url, ['busy@reader.example'])).toMatchObject({ kind: 'failed', blames: 'content' });
  expect(JSON.stringify(none)).not.toContain('ada.marker');
});

test('a server out of reach is the trouble of all letters', async () => {
  const closed = createServer();
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise<void>(resolve => closed.close(() => resolve()));
  expect(await send(`smtp://127.0.0.1:${port}`)).toMatchObject({ kind: 'failed', blames: 'destination' });
});

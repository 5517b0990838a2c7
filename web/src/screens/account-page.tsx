import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { asked, useNouns } from '../api/queries.ts';
import type { Money } from '../api/shapes.ts';
import { RecordFrame } from '../generic/record-page.tsx';
import { shortId } from '../generic/schema.ts';
import { count, day, money, sums, words } from '../ui/format.ts';
import { Badge, Block, Empty, Note, Owner, Skeleton } from '../ui/parts.tsx';
import { usePast } from '../ui/past.tsx';
import ui from '../ui/ui.module.css';
import css from './account.module.css';

/** Parts are null where the reader's rights do not show them. */
interface Account {
  readonly account: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly taxId: string | null;
    readonly ownerId: string;
    readonly paymentTermDays: number;
  };
  readonly contacts:
    | readonly { readonly id: string; readonly name: string; readonly position: string | null; readonly phone: string | null }[]
    | null;
  readonly openDeals:
    | readonly {
        readonly id: string;
        readonly name: string;
        readonly stage: string;
        readonly percent: number;
        readonly amount: Money | null;
      }[]
    | null;
  readonly orders:
    | readonly {
        readonly id: string;
        readonly reference: string | null;
        readonly status: string;
        readonly orderedOn: string;
        readonly gross: Money;
      }[]
    | null;
  readonly invoices:
    | readonly {
        readonly id: string;
        readonly number: string | null;
        readonly status: string;
        readonly dueDate: string | null;
        readonly gross: Money;
        readonly open: Money;
      }[]
    | null;
  readonly balance: readonly { readonly open: Money }[] | null;
}

/** An account from all sides: what it owes, what it has on order, what we hope to sell it, whom to call. */
export function AccountPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams({ strict: false });
  const asOf = usePast();
  const noun = useNouns().find(entry => entry.noun === 'accounts');
  const record = useQuery(asked<Readonly<Record<string, unknown>>>(`/accounts/${encodeURIComponent(id)}`, { asOf }));
  const around = useQuery(asked<Account>(`/accounts/${encodeURIComponent(id)}/360`, { asOf }));
  const error = record.error ?? around.error;
  if (error !== null) return <Note error={error} />;
  if (record.data === undefined || around.data === undefined || noun === undefined) return <Skeleton />;
  const { account } = around.data;
  const meta = (
    <>
      {account.taxId !== null && <span>{account.taxId} ·</span>}
      <Owner id={account.ownerId} named />
      <span>· {t('account.term', { days: account.paymentTermDays })}</span>
    </>
  );
  return (
    <RecordFrame noun={noun} id={id} row={record.data} meta={meta} above={<Figures of={around.data} />}>
      <Orders of={around.data} />
      <Invoices of={around.data} />
      <Deals of={around.data} />
      <Contacts of={around.data} />
    </RecordFrame>
  );
}

function Figures({ of: { balance, orders, openDeals, invoices } }: { readonly of: Account }) {
  const { t } = useTranslation();
  const figures = [
    balance && { name: t('account.balance'), value: sums(balance.map(({ open }) => open)), tab: 'statement' },
    invoices && {
      name: t('account.openInvoices'),
      value: count(invoices.filter(({ open }) => Number(open.amount) > 0).length),
      tab: 'statement',
    },
    orders && { name: words('sales-orders'), value: count(orders.length), tab: undefined },
    openDeals && { name: t('account.openDeals'), value: count(openDeals.length), tab: undefined },
  ].filter(figure => figure !== null);
  return (
    <dl className={css.figures}>
      {figures.map(({ name, value, tab }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {tab === undefined ? (
              value
            ) : (
              <Link to="." search={(now: Readonly<Record<string, string | undefined>>) => ({ ...now, tab })}>
                {value}
              </Link>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Orders({ of: { orders } }: { readonly of: Account }) {
  const { t } = useTranslation();
  if (orders === null) return null;
  return (
    <Block title={words('sales-orders')} aside={orders.length}>
      {orders.length === 0 && <Empty>{t('list.none')}</Empty>}
      <table className={ui.table}>
        <tbody>
          {orders.map(({ id, reference, status, orderedOn, gross }) => (
            <tr key={id}>
              <td>
                <Link to="/sales-orders/$id" params={{ id }} className={ui.link}>
                  {reference ?? shortId(id)}
                </Link>
              </td>
              <td>{day(orderedOn)}</td>
              <td>
                <Badge status={status} />
              </td>
              <td className={ui.number}>{money(gross)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  );
}

function Invoices({ of: { invoices } }: { readonly of: Account }) {
  const { t } = useTranslation();
  if (invoices === null) return null;
  return (
    <Block title={words('invoices')} aside={invoices.length}>
      {invoices.length === 0 && <Empty>{t('list.none')}</Empty>}
      <table className={ui.table}>
        <tbody>
          {invoices.map(({ id, number, status, dueDate, gross, open }) => (
            <tr key={id}>
              <td>
                <Link to="/$noun/$id" params={{ noun: 'invoices', id }} className={ui.link}>
                  {number ?? shortId(id)}
                </Link>
              </td>
              <td>{dueDate === null ? '—' : day(dueDate)}</td>
              <td>
                <Badge status={status} />
              </td>
              <td className={ui.number}>
                {money(gross)}
                {Number(open.amount) > 0 && <span className={ui.second}> · {t('order.openLeft', { amount: money(open) })}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  );
}

function Deals({ of: { openDeals } }: { readonly of: Account }) {
  const { t } = useTranslation();
  if (openDeals === null) return null;
  return (
    <Block title={t('account.openDeals')} aside={openDeals.length}>
      {openDeals.length === 0 && <Empty>{t('list.none')}</Empty>}
      <table className={ui.table}>
        <tbody>
          {openDeals.map(({ id, name, stage, amount }) => (
            <tr key={id}>
              <td>
                <Link to="/$noun/$id" params={{ noun: 'deals', id }} className={ui.link}>
                  {name}
                </Link>
              </td>
              <td>{words(stage)}</td>
              <td className={ui.number}>{amount === null ? '—' : money(amount, { cents: false })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  );
}

function Contacts({ of: { contacts } }: { readonly of: Account }) {
  const { t } = useTranslation();
  if (contacts === null) return null;
  return (
    <Block title={words('contacts')} aside={contacts.length}>
      {contacts.length === 0 && <Empty>{t('list.none')}</Empty>}
      <table className={ui.table}>
        <tbody>
          {contacts.map(({ id, name, position, phone }) => (
            <tr key={id}>
              <td>
                <Link to="/$noun/$id" params={{ noun: 'contacts', id }} className={ui.link}>
                  {name}
                </Link>
              </td>
              <td>{position ?? '—'}</td>
              <td>{phone === null ? '—' : <a href={`tel:${phone}`}>{phone}</a>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  );
}

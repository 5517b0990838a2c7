import { Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { asked, useNouns } from '../api/queries.ts';
import type { Money, OrderLine, Waiting } from '../api/shapes.ts';
import { RecordFrame } from '../generic/record-page.tsx';
import { shortId } from '../generic/schema.ts';
import { day, decimal, instant, money } from '../ui/format.ts';
import { Age, Badge, Block, Empty, Note, Owner, Skeleton } from '../ui/parts.tsx';
import { usePast } from '../ui/past.tsx';
import { isStalled, ProcessFrame, type Step, Steps, WaitingBand } from '../ui/process.tsx';
import ui from '../ui/ui.module.css';

interface Order extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly reference: string | null;
  readonly status: string;
  readonly accountId: string;
  readonly accountName: string | null;
  readonly ownerId: string;
  readonly net: Money;
  readonly tax: Money;
  readonly gross: Money;
  readonly placedAt: string;
  readonly acceptedAt: string | null;
  /** `none`, `partial` or `full`. */
  readonly delivered: string;
  readonly invoiced: string;
  readonly deliveries: readonly { readonly id: string; readonly status: string; readonly shippedOn: string | null }[];
  readonly invoices: readonly {
    readonly id: string;
    readonly number: string | null;
    readonly status: string;
    readonly payable: Money;
    readonly open: Money;
  }[];
  readonly process: Waiting | null;
  readonly lines: readonly OrderLine[];
}

/** An order: where it is on its way to the money, what holds it, and why each price is what it is. */
export function OrderPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams({ strict: false });
  const asOf = usePast();
  const noun = useNouns().find(entry => entry.noun === 'sales-orders');
  const { data: order, error, isPending } = useQuery(asked<Order>(`/sales-orders/${encodeURIComponent(id)}`, { asOf }));
  if (error !== null) return <Note error={error} />;
  if (isPending || noun === undefined) return <Skeleton />;
  const meta = (
    <>
      <Link to="/$noun/$id" params={{ noun: 'accounts', id: order.accountId }} className={ui.link}>
        {order.accountName ?? order.accountId}
      </Link>
      {order.reference !== null && <span>· {t('order.theirRef', { ref: order.reference })}</span>}
      <span>·</span>
      <Owner id={order.ownerId} named />
      <span>·</span>
      <Age since={order.placedAt} />
    </>
  );
  const amount = (
    <>
      <b>{money(order.gross)}</b>
      <small>{t('order.plusTax', { net: money(order.net), tax: money(order.tax) })}</small>
    </>
  );
  return (
    <RecordFrame noun={noun} id={id} row={order} meta={meta} amount={amount} above={<Course order={order} />}>
      <Lines order={order} />
      <Documents order={order} />
    </RecordFrame>
  );
}

const ENDED = new Set(['Declined', 'Cancelled', 'Expired']);

function Course({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  const { process } = order;
  if (ENDED.has(order.status)) return null;
  const { deliveries, invoices } = order;
  const shippedOn = deliveries.findLast(delivery => delivery.shippedOn !== null)?.shippedOn ?? undefined;
  const issued = invoices.filter(({ number }) => number !== null);
  const isInvoiced = order.invoiced === 'full' && issued.length === invoices.length;
  const hasGoods = order.lines.some(({ stocked }) => stocked);
  const isHeld = order.lines.every(({ stocked, waiting }) => !stocked || Number(waiting) === 0);
  const reached: readonly (Omit<Step, 'at'> & { readonly is: boolean })[] = [
    { name: t('order.placed'), is: true, detail: instant(order.placedAt) },
    {
      name: t('order.accepted'),
      is: order.acceptedAt !== null,
      detail: order.acceptedAt === null ? undefined : instant(order.acceptedAt),
    },
    ...(hasGoods
      ? [
          { name: t('order.goods'), is: order.delivered === 'full' || (order.acceptedAt !== null && isHeld) },
          { name: t('order.shipped'), is: order.delivered === 'full', detail: shippedOn && day(shippedOn) },
        ]
      : []),
    { name: t('order.invoiced'), is: isInvoiced, detail: issued.map(({ number }) => number).join(', ') || undefined },
    { name: t('order.paid'), is: isInvoiced && issued.every(({ open }) => Number(open.amount) === 0) },
  ];
  const now = reached.findIndex(({ is }) => !is);
  const present = process !== null && isStalled(process) ? 'stalled' : 'now';
  const steps = reached.map(({ is, ...step }, index): Step => ({ ...step, at: is ? 'done' : index === now ? present : 'next' }));
  return (
    <ProcessFrame>
      <Steps steps={steps} />
      {process !== null && process.status !== 'finished' && (
        <WaitingBand waiting={process} about={{ category: 'salesOrder', id: order.id }} />
      )}
    </ProcessFrame>
  );
}

function Lines({ order }: { readonly order: Order }) {
  const { t } = useTranslation();
  return (
    <Block title={t('order.lines')} aside={order.lines.length}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={ui.scroll} tabIndex={0} aria-label={t('order.lines')}>
        <table className={ui.table}>
          <thead>
            <tr>
              <th scope="col">{t('order.item')}</th>
              <th scope="col" className={ui.number}>
                {t('order.qty')}
              </th>
              <th scope="col" className={ui.number}>
                {t('order.price')}
              </th>
              <th scope="col">{t('order.stock')}</th>
              <th scope="col" className={ui.number}>
                {t('order.total')}
              </th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map(line => (
              <tr key={line.line}>
                <td>
                  <span className={ui.strong}>{line.description}</span>
                  <br />
                  <span className={ui.second}>{line.sku}</span>
                </td>
                <td className={ui.number}>
                  {decimal(line.quantity)} <span className={ui.second}>{line.uom}</span>
                </td>
                <td className={ui.number}>
                  <WhyPrice line={line} />
                </td>
                <td>
                  <StockOf line={line} isAccepted={order.acceptedAt !== null} />
                </td>
                <td className={`${ui.number} ${ui.strong}`}>{money(line.net)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Block>
  );
}

function StockOf({ line, isAccepted }: { readonly line: OrderLine; readonly isAccepted: boolean }) {
  const { t } = useTranslation();
  const { stocked, quantity, shipped, waiting, cancelled } = line;
  if (!stocked) return <span className={ui.second}>{t('order.service')}</span>;
  if (Number(cancelled) === Number(quantity)) return <Badge status="cancelled" look="refused" label={t('order.cancelledQty')} />;
  if (Number(shipped) > 0 && Number(shipped) + Number(cancelled) >= Number(quantity))
    return <Badge status="shipped" look="done" label={t('order.shipped')} />;
  if (Number(waiting) > 0) return <Badge status="missing" look="waiting" label={t('order.missing', { quantity: decimal(waiting) })} />;
  if (Number(shipped) > 0) return <Badge status="partly" look="open" label={t('order.partly', { quantity: decimal(shipped) })} />;
  return isAccepted ? <Badge status="held" look="done" label={t('order.held')} /> : <span className={ui.second}>—</span>;
}

/** Every price opens its reason: the levels that were tried, in order, and the one that counted. */
function WhyPrice({ line }: { readonly line: OrderLine }) {
  const { t } = useTranslation();
  const price = decimal(line.unitPrice);
  return (
    <Popover width={380} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <button type="button" className={ui.why}>
          {price}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <b>{t('order.why', { price })}</b>
        <ol className={ui.steps}>
          {line.priceTried.map(({ level, name, tried, chosen, unitPrice }) => (
            <li key={`${level} ${name}`} data-chosen={chosen}>
              <span>
                {level} {name}
                <br />
                {tried}
              </span>
              <span>{unitPrice === null ? '' : decimal(unitPrice)}</span>
            </li>
          ))}
          {line.priceTried.length === 0 && <li data-chosen="true">{line.priceReason ?? t('order.byHand')}</li>}
        </ol>
      </Popover.Dropdown>
    </Popover>
  );
}

function Documents({ order: { deliveries, invoices } }: { readonly order: Order }) {
  const { t } = useTranslation();
  return (
    <Block title={t('order.documents')}>
      {deliveries.length + invoices.length === 0 && <Empty>{t('order.none')}</Empty>}
      <table className={ui.table}>
        <tbody>
          {deliveries.map(({ id, status, shippedOn }) => (
            <tr key={id}>
              <td>
                <Link to="/$noun/$id" params={{ noun: 'deliveries', id }} className={ui.link}>
                  {t('order.delivery')} {shortId(id)}
                </Link>
              </td>
              <td>
                <Badge status={status} />
              </td>
              <td className={ui.number}>{shippedOn === null ? '—' : day(shippedOn)}</td>
            </tr>
          ))}
          {invoices.map(({ id, number, status, payable, open }) => (
            <tr key={id}>
              <td>
                <Link to="/$noun/$id" params={{ noun: 'invoices', id }} className={ui.link}>
                  {number ?? `${t('order.invoice')} ${shortId(id)}`}
                </Link>
              </td>
              <td>
                <Badge status={status} />
              </td>
              <td className={ui.number}>
                {money(payable)}
                {Number(open.amount) > 0 && <span className={ui.second}> · {t('order.openLeft', { amount: money(open) })}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Block>
  );
}

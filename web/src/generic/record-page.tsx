import { Button, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { filled } from '../api/client.ts';
import { asked, useMay, useNames, useNouns } from '../api/queries.ts';
import type { Fact, Noun, Operation, Page, Waiting } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import css from '../screens/screens.module.css';
import { age, instant, words } from '../ui/format.ts';
import { Badge, Block, Empty, Note, Skeleton } from '../ui/parts.tsx';
import { PastButton, PastRibbon, usePast } from '../ui/past.tsx';
import { ProcessFrame, WaitingBand } from '../ui/process.tsx';
import { CommandDrawer } from './command-drawer.tsx';
import { type Part, partsOf, shownParts, titleOf } from './schema.ts';
import { Table } from './table.tsx';
import { Value } from './value.tsx';

type Row = Readonly<Record<string, unknown>>;

/** The record of any noun: what it is, what it waits for, what may be done with it, what happened to it. */
export function RecordPage() {
  const { noun: name = '', id = '' } = useParams({ strict: false });
  const noun = useNouns().find(entry => entry.noun === name);
  const { t } = useTranslation();
  if (noun?.record) return <Shown key={id} noun={noun} record={noun.record} id={id} />;
  return noun === undefined ? <Skeleton /> : <Empty>{t('notFound')}</Empty>;
}

function Shown({ noun, record, id }: { readonly noun: Noun; readonly record: Operation; readonly id: string }) {
  const asOf = usePast();
  const { data, error, isPending } = useQuery(asked<Row>(filled(record.path, { id }), { asOf }));
  if (isPending) return <Skeleton />;
  if (error !== null) return <Note error={error} />;
  return (
    <RecordFrame noun={noun} id={id} row={data}>
      <Fields record={record} row={data} />
    </RecordFrame>
  );
}

interface RecordFrameProps {
  readonly noun: Noun;
  readonly id: string;
  readonly row: Row;
  /** What stands between the identity and the rest, such as a process line. */
  readonly above?: ReactNode;
  readonly meta?: ReactNode;
  readonly amount?: ReactNode;
  readonly children: ReactNode;
}

/** What every record has around its own fields: where it is, its identity and commands, the past, what happened. */
export function RecordFrame({ noun, id, row, above, meta, amount, children }: RecordFrameProps) {
  const status = row['status'] ?? row['stage'];
  const tab = (useSearch({ strict: false }) as Search)['tab'];
  const view = noun.views.find(({ path }) => tabOf(path) === tab);
  const process = row['process'] as Waiting | null | undefined;
  return (
    <>
      <header className={css.crumbs}>
        <Link to="/$noun" params={{ noun: noun.noun }}>
          {words(noun.noun)}
        </Link>
        <span aria-hidden>›</span>
        <b>{titleOf(row)}</b>
        {noun.record !== null && noun.record.clocks.length > 0 && <PastButton />}
      </header>
      <PastRibbon />
      <div className={css.body}>
        <div className={css.page}>
          <div>
            <div className={css.identity}>
              <h1>{titleOf(row)}</h1>
              {typeof status === 'string' && <Badge status={status} />}
              <div className={css.amount}>{amount}</div>
              <Commands noun={noun} id={id} row={row} />
            </div>
            {meta !== undefined && <div className={css.meta}>{meta}</div>}
          </div>
          {above}
          {above === undefined && process?.status !== undefined && process.status !== 'finished' && (
            <ProcessFrame>
              <WaitingBand waiting={process} about={{ category: noun.category ?? '', id }} />
            </ProcessFrame>
          )}
          <Tabs views={noun.views} tab={view === undefined ? undefined : tab} />
          <div className={css.columns}>
            <div className={css.stack}>{view === undefined ? children : <View view={view} id={id} />}</div>
            <div className={css.stack}>{noun.category !== null && <Timeline category={noun.category} id={id} />}</div>
          </div>
        </div>
      </div>
    </>
  );
}

const tabOf = (path: string): string => path.split('/').at(-1) ?? '';

/** Shown by screens made by hand, in place of the fields. */
const BY_HAND = new Set(['360']);

/** What can be asked beneath the record; its own fields come first. */
function Tabs({ views, tab }: { readonly views: readonly Operation[]; readonly tab: string | undefined }) {
  const { t } = useTranslation();
  const asked = views.filter(({ path, input }) => !BY_HAND.has(tabOf(path)) && (input.required ?? []).length === 0);
  if (asked.length === 0) return null;
  return (
    <nav className={css.tabs} aria-label={t('record.views')}>
      <Link to="." search={(now: Search) => ({ ...now, tab: undefined })} aria-current={tab === undefined ? 'page' : undefined}>
        {t('record.overview')}
      </Link>
      {asked.map(({ path }) => (
        <Link
          key={path}
          to="."
          search={(now: Search) => ({ ...now, tab: tabOf(path) })}
          aria-current={tab === tabOf(path) ? 'page' : undefined}
        >
          {words(tabOf(path))}
        </Link>
      ))}
    </nav>
  );
}

function View({ view, id }: { readonly view: Operation; readonly id: string }) {
  const { t } = useTranslation();
  const asOf = usePast();
  const { data, error, isPending } = useQuery(asked<Row>(filled(view.path, { id }), { asOf: view.clocks.length > 0 ? asOf : undefined }));
  if (isPending) return <Skeleton />;
  if (error !== null) return <Note error={error} />;
  const items = data['items'] as readonly Row[] | undefined;
  if (items?.length === 0) return <Empty>{t('list.none')}</Empty>;
  return <Fields record={view} row={data} />;
}

function Fields({ record, row }: { readonly record: Operation; readonly row: Row }) {
  const { t } = useTranslation();
  const parts = shownParts(record.output === undefined ? [] : partsOf(record.output, record.output));
  const plain = parts.filter(({ kind, name }) => kind !== 'rows' && name !== 'status' && name !== 'stage');
  return (
    <>
      {plain.length > 0 && (
        <Block title={t('record.details')}>
          <dl className={css.facts}>
            {plain.map(part => (
              <div key={part.name}>
                <dt>{words(part.name)}</dt>
                <dd>
                  <Value part={part} row={row} />
                </dd>
              </div>
            ))}
          </dl>
        </Block>
      )}
      {parts
        .filter(({ kind }) => kind === 'rows')
        .map(part => (
          <RowsOf key={part.name} part={part} root={record} rows={(row[part.name] as readonly Row[] | null) ?? []} />
        ))}
    </>
  );
}

function RowsOf({ part, root, rows }: { readonly part: Part; readonly root: Operation; readonly rows: readonly Row[] }) {
  if (rows.length === 0 || part.schema.items === undefined || root.output === undefined) return null;
  return (
    <Block title={words(part.name)} aside={rows.length}>
      <Table parts={shownParts(partsOf(part.schema.items, root.output))} rows={rows} caption={words(part.name)} />
    </Block>
  );
}

/** Commands on the record the caller has the right to; none in the past. */
function Commands({ noun, id, row }: { readonly noun: Noun; readonly id: string; readonly row: Row }) {
  const { t } = useTranslation();
  const [chosen, choose] = useState<Operation>();
  const asOf = usePast();
  const own = noun.commands.filter(({ path }) => path.split('/').filter(step => step.startsWith(':')).length === 1);
  if (asOf !== undefined || own.length === 0) return null;
  const revision = typeof row['revision'] === 'number' ? row['revision'] : undefined;
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={15} />}>
            {t('record.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {own.map(command => (
            <Menu.Item key={command.type} onClick={() => choose(command)}>
              {words(command.type)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {chosen !== undefined && (
        <CommandDrawer
          command={chosen}
          names={{ id }}
          revision={revision}
          start={chosen.type.startsWith('Edit') ? startOf(chosen, row) : {}}
          close={() => choose(undefined)}
        />
      )}
    </>
  );
}

/** An edit begins with what stands. */
const startOf = ({ input }: Operation, row: Row): Row =>
  Object.fromEntries(
    Object.keys(input.properties ?? {}).flatMap(name => (row[name] === null || row[name] === undefined ? [] : [[name, row[name]]])),
  );

/** What happened to the record, newest first; for whoever may read the history. */
function Timeline({ category, id }: { readonly category: string; readonly id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const nameOf = useNames();
  const asOf = usePast();
  const { data } = useQuery({
    ...asked<Page<Fact>>(`/records/${category}/${encodeURIComponent(id)}/history`, { sort: 'newest', limit: '30', asOf }),
    enabled: may('platform:audit'),
  });
  if (data === undefined) return null;
  const [newest] = data.items;
  return (
    <Block
      title={t('record.timeline')}
      aside={
        newest && (
          <Link to="/threads/$id" params={{ id: newest.correlationId }}>
            {t('record.thread')}
          </Link>
        )
      }
    >
      <ol className={css.timeline}>
        {data.items.map(fact => (
          <li key={fact.id}>
            {words(fact.type)}
            <small>
              <time dateTime={fact.occurredAt} title={instant(fact.occurredAt)}>
                {age(fact.occurredAt)}
              </time>{' '}
              · {nameOf(fact.actor.id)}
            </small>
          </li>
        ))}
      </ol>
    </Block>
  );
}

import { Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asked, useNouns } from '../api/queries.ts';
import type { Operation, Page, Process } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import { CommandDrawer } from '../generic/command-drawer.tsx';
import { shortId } from '../generic/schema.ts';
import { words } from '../ui/format.ts';
import { Age, Badge, Empty, Note, Skeleton } from '../ui/parts.tsx';
import { isStalled } from '../ui/process.tsx';
import css from './screens.module.css';

/** All that is under way, what stands still first, and what can be done about it. */
export function ProcessesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Search;
  const stalled = search['state'] === 'stalled';
  const { data, error, isPending } = useQuery(
    asked<Page<Process>>('/processes', { limit: '200', sort: 'stalled', ...(stalled && { 'filter[stalled]': 'true' }) }),
  );
  const show = (state: string): void => void navigate({ to: '.', search: { state: state === 'stalled' ? state : undefined } });
  return (
    <>
      <header className={css.head}>
        <h1>{t('process.title')}</h1>
        <SegmentedControl
          size="xs"
          value={stalled ? 'stalled' : 'all'}
          onChange={show}
          data={[
            { value: 'all', label: t('process.all') },
            { value: 'stalled', label: t('process.stalled') },
          ]}
        />
      </header>
      <div className={css.body}>
        <Note error={error} />
        {isPending && <Skeleton />}
        {data?.items.length === 0 && <Empty>{stalled ? t('process.noneStalled') : t('process.none')}</Empty>}
        <ProcessList items={data?.items ?? []} />
      </div>
    </>
  );
}

export const ProcessList = ({ items }: { readonly items: readonly Process[] }) => (
  <ul className={css.lines}>
    {items.map(process => (
      <ProcessRow key={`${process.saga} ${process.instance}`} process={process} />
    ))}
  </ul>
);

function ProcessRow({ process }: { readonly process: Process }) {
  const { t } = useTranslation();
  const nouns = useNouns();
  const noun = nouns.find(({ category }) => category === process.about.category);
  const label = `${words(process.about.category)} ${shortId(process.about.id)}`;
  return (
    <li>
      <Badge
        status={process.status}
        look={isStalled(process) ? 'stalled' : 'waiting'}
        label={isStalled(process) ? t('process.stalled') : t('process.waiting')}
      />
      <span>
        {words(process.saga)}{' '}
        {noun?.record ? (
          <Link to="/$noun/$id" params={{ noun: noun.noun, id: process.about.id }}>
            {label}
          </Link>
        ) : (
          label
        )}
      </span>
      <span>{process.reason}</span>
      <Age since={process.since} />
      {isStalled(process) ? <Steering process={process} /> : <span>{process.movedBy && words(process.movedBy.command)}</span>}
      {process.refused !== null && <span className={css.rest}>{t('process.refused', { why: process.refused.because })}</span>}
      {process.tried !== null && (
        <span className={css.rest}>{t('process.tried', { times: process.tried.times, problem: process.tried.problem })}</span>
      )}
    </li>
  );
}

/** Retry, abandon or take over what stands still, each with a note. */
function Steering({ process }: { readonly process: Process }) {
  const { t } = useTranslation();
  const [chosen, choose] = useState<Operation>();
  const commands = useNouns().find(({ noun }) => noun === 'processes')?.commands ?? [];
  const wanted = process.status === 'unadopted' ? ['AdoptProcess'] : ['RetryProcess', 'AbandonProcess'];
  const labels: Readonly<Record<string, string>> = {
    RetryProcess: t('process.retry'),
    AbandonProcess: t('process.abandon'),
    AdoptProcess: t('process.adopt'),
  };
  return (
    <span>
      {commands
        .filter(({ type }) => wanted.includes(type))
        .map(command => (
          <Button key={command.type} size="compact-sm" variant="default" onClick={() => choose(command)}>
            {labels[command.type]}
          </Button>
        ))}
      {chosen !== undefined && (
        <CommandDrawer command={chosen} names={{ saga: process.saga, instance: process.instance }} close={() => choose(undefined)} />
      )}
    </span>
  );
}

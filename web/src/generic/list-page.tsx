import { Button, Select, TextInput } from '@mantine/core';
import { IconLayoutKanban, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get } from '../api/client.ts';
import { useNouns } from '../api/queries.ts';
import type { Noun, Operation, Page, Schema } from '../api/shapes.ts';
import type { Search } from '../app.tsx';
import css from '../screens/screens.module.css';
import { BOARDS } from '../shell/places.ts';
import { words } from '../ui/format.ts';
import { Empty, Note, Skeleton } from '../ui/parts.tsx';
import { PastButton, PastRibbon, usePast } from '../ui/past.tsx';
import { CommandDrawer } from './command-drawer.tsx';
import { columnsOf } from './schema.ts';
import { Table } from './table.tsx';

type Row = Readonly<Record<string, unknown>>;

/** The list of any noun: its filters and order as its definition says, in pages. */
export function ListPage() {
  const { noun: name = '' } = useParams({ strict: false });
  const noun = useNouns().find(entry => entry.noun === name);
  if (noun === undefined) return <NothingHere />;
  return noun.list === null ? <NothingHere /> : <List key={name} noun={noun} list={noun.list} />;
}

function NothingHere() {
  const { t } = useTranslation();
  return useNouns().length === 0 ? <Skeleton /> : <Empty>{t('notFound')}</Empty>;
}

function List({ noun, list }: { readonly noun: Noun; readonly list: Operation }) {
  const { t } = useTranslation();
  const search = useSearch({ strict: false }) as Search;
  const asked = Object.fromEntries(
    Object.entries(search).filter(([name]) => name.startsWith('filter[') || name === 'sort' || (name === 'asOf' && list.clocks.length > 0)),
  );
  const isPaged = list.input.properties?.['cursor'] !== undefined;
  const pages = useInfiniteQuery({
    queryKey: [list.path, 'pages', asked],
    queryFn: ({ pageParam }) => get<Page<Row>>(list.path, { ...asked, ...(isPaged && { limit: '50', cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const rows = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const asOf = usePast();
  const isFiltered = Object.keys(asked).some(key => key.startsWith('filter['));
  return (
    <>
      <header className={css.head}>
        <h1>{words(noun.noun)}</h1>
        {BOARDS.has(noun.noun) && (
          <Link to={`/${noun.noun}/board`}>
            <IconLayoutKanban size={15} aria-hidden /> {t('board.board')}
          </Link>
        )}
        {list.clocks.length > 0 && <PastButton />}
        {asOf === undefined ? <Creating noun={noun} /> : <span />}
      </header>
      <PastRibbon />
      <Filters list={list} search={search} />
      <div className={css.body}>
        <Note error={pages.error} />
        {pages.isPending && <Skeleton rows={10} />}
        {pages.isSuccess && rows.length === 0 && <Empty>{isFiltered ? t('list.noneMatch') : t('list.none')}</Empty>}
        {rows.length > 0 && (
          <Table parts={columnsOf(list)} rows={rows} caption={words(noun.noun)} {...(noun.record === null ? {} : { noun: noun.noun })} />
        )}
        {pages.hasNextPage && (
          <Empty>
            <Button variant="default" onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
              {t('list.more')}
            </Button>
          </Empty>
        )}
      </div>
    </>
  );
}

/** The command that begins a record of this noun, where there is one the caller may give. */
function Creating({ noun: { creates, noun } }: { readonly noun: Noun }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const [create] = creates;
  if (create === undefined) return <span />;
  return (
    <span>
      <Button leftSection={<IconPlus size={15} />} onClick={() => setOpen(true)}>
        {t('list.new')}
      </Button>
      {isOpen && (
        <CommandDrawer
          command={create}
          names={{}}
          close={() => setOpen(false)}
          done={({ id }) => void navigate({ to: '/$noun/$id', params: { noun, id } })}
        />
      )}
    </span>
  );
}

const FILTER = /^filter\[(\w+)\]$/;

function Filters({ list, search }: { readonly list: Operation; readonly search: Search }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const all = Object.entries(list.input.properties ?? {});
  const filters = all.filter(([name]) => FILTER.test(name));
  const sorts = list.input.properties?.['sort']?.enum ?? [];
  const [isWide, setWide] = useState(false);
  const set = (name: string, value: string | null): void =>
    void navigate({
      to: '.',
      search: (now: Search) => ({ ...now, [name]: value === null || value === '' ? undefined : value }),
      replace: true,
    });
  const shown = filters.filter(([name], index) => isWide || index < FILTERS_SHOWN || search[name] !== undefined);
  return (
    <div className={css.tools}>
      {shown.map(([name, schema]) => (
        <Filter key={name} name={name} schema={schema} value={search[name] ?? ''} set={value => set(name, value)} />
      ))}
      {filters.length > FILTERS_SHOWN && (
        <Button variant="subtle" size="compact-sm" onClick={() => setWide(!isWide)}>
          {isWide ? t('form.fewerFields') : t('list.filter')}
        </Button>
      )}
      {filters.some(([name]) => search[name] !== undefined) && (
        <Button variant="subtle" size="compact-sm" onClick={() => void navigate({ to: '.', search: {} })}>
          {t('list.clear')}
        </Button>
      )}
      {sorts.length > 1 && (
        <Select
          className={css.grow}
          size="xs"
          aria-label={t('list.sort')}
          data={sorts.map(value => ({ value, label: words(value) }))}
          value={search['sort'] ?? sorts[0] ?? null}
          onChange={value => set('sort', value)}
        />
      )}
    </div>
  );
}

const FILTERS_SHOWN = 4;

interface FilterProps {
  readonly name: string;
  readonly schema: Schema;
  readonly value: string;
  readonly set: (value: string | null) => void;
}

function Filter({ name, schema, value, set }: FilterProps) {
  const [, short = name] = FILTER.exec(name) ?? [];
  const label = words(short);
  if (schema.enum !== undefined)
    return (
      <Select
        size="xs"
        w={150}
        clearable
        placeholder={label}
        aria-label={label}
        data={[...schema.enum]}
        value={value === '' ? null : value}
        onChange={set}
      />
    );
  const type = schema.format === 'date' ? 'date' : 'text';
  return <TextFilter label={label} type={type} value={value} set={set} />;
}

/** Asked for when it is said to its end: by Enter or on leaving. */
function TextFilter({
  label,
  type,
  value,
  set,
}: {
  readonly label: string;
  readonly type: string;
  readonly value: string;
  readonly set: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        set(text.trim());
      }}
    >
      <TextInput
        size="xs"
        w={150}
        type={type}
        placeholder={label}
        aria-label={label}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        onBlur={() => text.trim() !== value && set(text.trim())}
      />
    </form>
  );
}

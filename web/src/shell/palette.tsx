import { Modal, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asked, useNouns } from '../api/queries.ts';
import type { Noun, Operation, Page } from '../api/shapes.ts';
import { CommandDrawer } from '../generic/command-drawer.tsx';
import { titleOf } from '../generic/schema.ts';
import { words } from '../ui/format.ts';
import css from './palette.module.css';
import { placeOf } from './places.ts';

type Row = Readonly<Record<string, unknown>>;

interface Found {
  readonly group: 'screens' | 'commands' | 'records';
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly go: () => void;
}

/** Diacritics and case do not matter. */
const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const SEARCHED_FROM = 2;
const PER_NOUN = '5';

/** Screens, commands and records by a few letters; the arrow keys choose, Enter goes. */
export function Palette({ close }: { readonly close: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [chosen, choose] = useState<{ readonly noun: Noun; readonly command: Operation }>();
  const navigate = useNavigate();
  const nouns = useNouns();
  const records = useRecords(text, nouns);
  const leave = (go: () => void) => () => {
    close();
    go();
  };
  const all: readonly Found[] = [
    ...nouns
      .filter(({ list }) => list !== null)
      .map(
        ({ noun }): Found => ({
          group: 'screens',
          key: noun,
          label: words(noun),
          hint: '',
          go: leave(() => void navigate({ to: placeOf(noun) })),
        }),
      ),
    ...nouns.flatMap(noun =>
      noun.creates.map(
        (command): Found => ({
          group: 'commands',
          key: command.type,
          label: words(command.type),
          hint: words(noun.noun),
          go: () => choose({ noun, command }),
        }),
      ),
    ),
  ].filter(({ label }) => plain(label).includes(plain(text)));
  const found = [
    ...records.map(({ noun, row }): Found => {
      const id = String(row['id']);
      return {
        group: 'records',
        key: `${noun} ${id}`,
        label: titleOf(row),
        hint: words(noun),
        go: leave(() => void navigate({ to: '/$noun/$id', params: { noun, id } })),
      };
    }),
    ...all,
  ].slice(0, FOUND_MAX);
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter') found[at]?.go();
    else return;
    event.preventDefault();
  };
  if (chosen !== undefined)
    return (
      <CommandDrawer
        command={chosen.command}
        names={{}}
        close={close}
        done={({ id }) => void (chosen.noun.record && navigate({ to: '/$noun/$id', params: { noun: chosen.noun.noun, id } }))}
      />
    );
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      lockScroll={false}
      title={undefined}
      aria-label={t('palette.title')}
    >
      <TextInput
        data-autofocus
        variant="unstyled"
        className={css.input}
        leftSection={<IconSearch size={16} />}
        placeholder={t('search')}
        aria-label={t('palette.title')}
        role="combobox"
        aria-expanded
        aria-controls="palette-found"
        aria-activedescendant={found[at] && `palette-${at}`}
        value={text}
        onChange={event => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div id="palette-found" role="listbox" aria-label={t('palette.title')} className={css.found}>
        {found.map((entry, index) => (
          <div
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={css.entry}
            onMouseMove={() => setAt(index)}
            onClick={entry.go}
            onKeyDown={press}
          >
            <span>{entry.label}</span>
            <small>{entry.hint || t(`palette.${entry.group}`)}</small>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className={css.nothing}>{t('palette.nothing')}</p>}
    </Modal>
  );
}

const FOUND_MAX = 14;

/** The first records of every noun whose list can be searched. */
function useRecords(text: string, nouns: readonly Noun[]): readonly { readonly noun: string; readonly row: Row }[] {
  const searchable = nouns.filter(({ list, record }) => record !== null && list?.input.properties?.['filter[search]'] !== undefined);
  const answers = useQueries({
    queries: searchable.map(({ list }) => ({
      ...asked<Page<Row>>(list?.path ?? '', { limit: PER_NOUN, 'filter[search]': text }),
      enabled: text.trim().length >= SEARCHED_FROM,
    })),
  });
  if (text.trim().length < SEARCHED_FROM) return [];
  return answers.flatMap(({ data }, index) => (data?.items ?? []).map(row => ({ noun: searchable[index]?.noun ?? '', row })));
}

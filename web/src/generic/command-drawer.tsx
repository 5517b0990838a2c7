import { Button, Drawer } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Done, filled, post, Refused } from '../api/client.ts';
import { cache } from '../api/queries.ts';
import type { Operation } from '../api/shapes.ts';
import { words } from '../ui/format.ts';
import { Note } from '../ui/parts.tsx';
import css from './form.module.css';
import { type Faults, Fields, type Values, withoutEmpty } from './form.tsx';

interface CommandDrawerProps {
  readonly command: Operation;
  /** Names in the path, such as the record's id. */
  readonly names: Readonly<Record<string, string>>;
  /** The revision the person saw; another one is refused as stale. */
  readonly revision?: number | undefined;
  readonly start?: Values;
  readonly close: () => void;
  readonly done?: (done: Done) => void;
}

export const faultsOf = (error: unknown): Faults =>
  error instanceof Refused ? Object.fromEntries((error.problem.errors ?? []).map(({ pointer, detail }) => [pointer, detail])) : {};

/** Any command as a form: what it takes, what is wrong with it under each field, its own verb on the button. */
export function CommandDrawer({ command, names, revision, start = {}, close, done }: CommandDrawerProps) {
  const { t } = useTranslation();
  const [values, setValues] = useState<Values>(start);
  const sending = useMutation({
    mutationFn: () => post(filled(command.path, names), withoutEmpty(values), { revision }),
    onSuccess: async answer => {
      await cache.invalidateQueries({ predicate: ({ queryKey: [path] }) => path !== '/meta' });
      close();
      done?.(answer);
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    sending.mutate();
  };
  const faults = faultsOf(sending.error);
  const isStale = sending.error instanceof Refused && sending.error.problem.status === 412;
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={440}
      title={words(command.type)}
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('form.cancel') }}
    >
      <form onSubmit={send} noValidate>
        <Note error={sending.error} />
        {isStale && <p>{t('stale.sentence')}</p>}
        <Fields schema={command.input} values={values} change={setValues} faults={faults} />
        <div className={css.foot}>
          <Button type="submit" loading={sending.isPending}>
            {words(command.type)}
          </Button>
          <Button variant="default" onClick={close}>
            {t('form.cancel')}
          </Button>
        </div>
      </form>
    </Drawer>
  );
}

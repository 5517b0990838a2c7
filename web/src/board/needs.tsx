import { Button, Drawer } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { filled, post } from '../api/client.ts';
import { cache } from '../api/queries.ts';
import type { Operation, Schema } from '../api/shapes.ts';
import { faultsOf } from '../generic/command-drawer.tsx';
import css from '../generic/form.module.css';
import { Fields, type Values, withoutEmpty } from '../generic/form.tsx';
import { Note } from '../ui/parts.tsx';
import type { Asking } from './moves.ts';

interface NeedsDrawerProps {
  readonly asking: Asking;
  readonly move: Operation;
  readonly edit: Operation | undefined;
  readonly noun: string;
  readonly close: () => void;
  readonly done: () => void;
}

/** Asks at once for what a stage demands: what the move itself takes goes with it, the rest is filled in first. */
export function NeedsDrawer({ asking: { card, label, to, faults }, move, edit, noun, close, done }: NeedsDrawerProps) {
  const { t } = useTranslation();
  const wanted = faults.map(({ pointer }) => pointer.split('/')[1] ?? '');
  const ofMove = members(move.input, wanted);
  const ofEdit = members(
    edit?.input ?? {},
    wanted.filter(name => !(name in ofMove)),
  );
  const elsewhere = faults.filter(({ pointer }) => !((pointer.split('/')[1] ?? '') in { ...ofMove, ...ofEdit }));
  const [values, setValues] = useState<Values>({});
  const sending = useMutation({
    mutationFn: async () => {
      const given = withoutEmpty(values);
      const filling = Object.fromEntries(Object.entries(given).filter(([name]) => name in ofEdit));
      if (edit !== undefined && Object.keys(filling).length > 0) await post(filled(edit.path, { id: card.id }), filling);
      const going = Object.fromEntries(Object.entries(given).filter(([name]) => name in ofMove));
      return post(filled(move.path, { id: card.id }), { ...to.body, ...going });
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: [`/boards/${noun}`] });
      close();
      done();
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    sending.mutate();
  };
  const fields = { ...ofMove, ...ofEdit };
  const schema: Schema = { properties: fields, required: Object.keys(fields), ...defs(move, edit) };
  const first = Object.fromEntries(faults.map(({ pointer, detail }) => [pointer, detail]));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={440}
      title={t('board.needs', { stage: label })}
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('form.cancel') }}
    >
      <form onSubmit={send} noValidate>
        <p>{card.name}</p>
        {elsewhere.map(({ detail }) => (
          <p key={detail}>
            {detail}{' '}
            <Link to="/$noun/$id" params={{ noun, id: card.id }}>
              {card.name}
            </Link>
          </p>
        ))}
        <Note error={sending.error} />
        <Fields schema={schema} values={values} change={setValues} faults={sending.error === null ? first : faultsOf(sending.error)} />
        <div className={css.foot}>
          <Button type="submit" loading={sending.isPending}>
            {t('board.moveInto', { stage: label })}
          </Button>
          <Button variant="default" onClick={close}>
            {t('form.cancel')}
          </Button>
        </div>
      </form>
    </Drawer>
  );
}

const members = ({ properties = {} }: Schema, names: readonly string[]): NonNullable<Schema['properties']> =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)));

const defs = (move: Operation, edit: Operation | undefined): Pick<Schema, '$defs'> => ({
  $defs: { ...move.input.$defs, ...edit?.input.$defs },
});

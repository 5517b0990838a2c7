/** A small context for tests of the API: notes that are taken, changed and sealed. */
import { z } from 'zod';
import { Id, Text } from '../../src/domain/vocabulary.ts';
import { byId, command } from '../../src/kernel/command.ts';
import { decider, invalid, notFound, refuse } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { field } from '../../src/kernel/field.ts';
import { listing, record } from '../../src/kernel/listing.ts';
import { module } from '../../src/kernel/module.ts';
import { MoneyText } from '../../src/kernel/money.ts';
import { projection } from '../../src/kernel/projection.ts';
import { QuantityText } from '../../src/kernel/quantity.ts';
import { instant, table, text } from '../../src/kernel/table.ts';

const NoteTaken = event('NoteTaken', { text: z.string() });
const NoteChanged = event('NoteChanged', { text: z.string() });
const NoteSealed = event('NoteSealed', {});

interface Note {
  readonly text?: string;
  readonly sealed?: true;
}

const NoteStream = decider({
  category: 'note',
  stateVersion: 1,
  events: [NoteTaken, NoteChanged, NoteSealed],
  initial: (): Note => ({}),
  evolve: {
    NoteTaken: (_, { text }): Note => ({ text }),
    NoteChanged: (note, { text }): Note => ({ ...note, text }),
    NoteSealed: (note): Note => ({ ...note, sealed: true }),
  },
});

const Line = z.strictObject({ text: Text(50), amount: MoneyText.optional(), quantity: QuantityText.optional() });

const takeNote = command({
  type: 'TakeNote',
  summary: 'Takes a note.',
  route: 'POST /notes',
  permission: 'notes:edit',
  input: z.strictObject({ text: Text(100_000), lines: z.array(Line).optional(), size: z.int().optional(), nested: z.unknown().optional() }),
  decider: NoteStream,
  decide: (_, { text }) =>
    text === 'unknown author' ? invalid([{ pointer: '/text', detail: 'There is no such author.' }]) : [NoteTaken({ text })],
});

const changeNote = command({
  type: 'ChangeNote',
  summary: 'Changes a note; refused once it is sealed.',
  route: 'POST /notes/:id/change',
  permission: 'notes:edit',
  input: z.strictObject({ id: Id, text: Text(100) }),
  decider: NoteStream,
  entityId: byId,
  decide: (note, { id, text }) => {
    if (note.text === undefined) return notFound('note', id);
    if (note.sealed) return refuse('NoteSealed', 'A sealed note is not changed.', { permitted: [] });
    return note.text === text ? [] : [NoteChanged({ text })];
  },
});

const sealNote = command({
  type: 'SealNote',
  summary: 'Seals a note.',
  route: 'POST /notes/:id/seal',
  permission: 'notes:seal',
  input: z.strictObject({ id: Id }),
  decider: NoteStream,
  entityId: byId,
  decide: note => (note.sealed ? [] : [NoteSealed({})]),
});

const notes = projection({
  name: 'notes',
  version: 1,
  table: table('notes', 'Notes', { text: text('What it says'), taken_at: instant('When it happened') }),
  events: NoteStream.events,
  on: {
    NoteTaken: (_, { text }, _key, { occurredAt }) => ({ text, taken_at: occurredAt }),
    NoteChanged: (note, { text }) => note && { ...note, text },
    NoteSealed: note => note,
  },
});

const about = {
  permission: 'notes:read',
  reads: [notes],
  from: 'notes n',
  key: 'n.id',
  fields: { id: field.text('n.id'), text: field.text('n.text'), takenAt: field.instant('n.taken_at') },
} as const;

const listNotes = listing({
  ...about,
  type: 'ListNotes',
  summary: 'Notes.',
  route: 'GET /notes',
  filters: { text: 'n.text = ?' },
  sorts: { text: { sql: 'n.text' }, newest: { sql: 'n.id', descending: true } },
  usual: 'text',
});

const showNote = record({ ...about, type: 'ShowNote', summary: 'One note.', route: 'GET /notes/:id', noun: 'note' });

export const notesModule = module({
  name: 'notes',
  commands: [takeNote, changeNote, sealNote],
  projections: [notes],
  queries: [listNotes, showNote],
  sagas: [],
});

-- What a journal says was sent though this database does not: after a crash between sending and noting, or after a restore.
create table ops.effects_sent_before (
  id uuid primary key,
  round integer not null
);
comment on table ops.effects_sent_before is 'Effects that the journal outside the database knows as sent, and this database did not when the journal was opened';
comment on column ops.effects_sent_before.round is 'Newest round in which it was sent';

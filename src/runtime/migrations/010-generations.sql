-- A version of a view may be built more than once: each time a generation of its own, beside the one that is shown.
alter table ops.checkpoints
  add column generation integer not null default 1,
  add column logic text,
  add column target bigint,
  drop constraint checkpoints_pkey,
  add primary key (name, version, generation),
  drop constraint checkpoints_state_check,
  add constraint checkpoints_state_check check (state in ('live', 'building', 'frozen', 'detached'));
comment on table ops.checkpoints is 'How far each generation of each version of each projection has come in the event log';
comment on column ops.checkpoints.generation is 'Which building of this version it is, from 1';
comment on column ops.checkpoints.logic is 'SHA-256 of the functions that make the rows, by which a change of logic without a new version is noticed';
comment on column ops.checkpoints.target is 'Where the log ended when the building began: what its progress is measured by';
comment on column ops.checkpoints.state is 'live: kept up to date; building: being built beside the one that is shown; frozen: shown as it was until its successor is built, since the code that made it is gone; detached: stopped by a failure';
comment on column ops.checkpoints.shown is 'True for the generation that the view in schema read shows';

create table ops.rebuilds (
  name text collate "C" primary key,
  asked_at timestamptz(3) not null default now()
);
comment on table ops.rebuilds is 'Projections somebody asked to build anew; whoever keeps the views takes the request away when the building begins';

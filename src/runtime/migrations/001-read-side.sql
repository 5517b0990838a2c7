-- Where views live and how far each has come. The tables of the views themselves follow from their definitions.
create schema if not exists ops;
comment on schema ops is 'What the runtime itself keeps: checkpoints, sagas, sessions, keys, requests';

create schema if not exists read;
comment on schema read is 'Read models: one documented view for each, for the application and for analysts';

create schema if not exists read_data;
comment on schema read_data is 'The tables behind the views of schema read, one for each version; read the views instead';

create table ops.checkpoints (
  name text collate "C" not null,
  version integer not null,
  position bigint,
  log_id text not null,
  state text not null check (state in ('live', 'building', 'detached')),
  shown boolean not null,
  reason text,
  shape text not null,
  primary key (name, version)
);
create unique index checkpoints_shown on ops.checkpoints (name) where shown;
comment on table ops.checkpoints is 'How far each version of each projection has come in the event log';
comment on column ops.checkpoints.position is 'Position of the last event taken in; null before the first';
comment on column ops.checkpoints.log_id is 'Identity of the event log this was built from';
comment on column ops.checkpoints.state is 'live: kept up to date; building: being built beside the version that is shown; detached: stopped by a failure';
comment on column ops.checkpoints.shown is 'True for the version that the view in schema read shows';
comment on column ops.checkpoints.reason is 'Why a detached projection was stopped';
comment on column ops.checkpoints.shape is 'SHA-256 of the table''s definition, by which a change without a new version is noticed';

-- Roles belong to the whole cluster: another database may have made this one, and making roles may not be allowed to us.
do $$
begin
  create role throughline_analyst nologin;
exception
  when duplicate_object or unique_violation or insufficient_privilege then null;
end $$;

do $$
begin
  grant usage on schema read to throughline_analyst;
  alter default privileges in schema read grant select on tables to throughline_analyst;
exception
  when undefined_object then null;
end $$;

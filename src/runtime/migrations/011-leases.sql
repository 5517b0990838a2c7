-- Who does what only one may do, and whether they are alive. The right itself is an advisory lock of the connection that
-- writes; this table tells others when its owner has frozen, so that they end that connection and take over.
-- Unlogged: a lease means nothing after a crash, and its renewal must not wait for a slow disk.
create unlogged table ops.leases (
  name text collate "C" primary key,
  holder text not null,
  backend_pid integer not null,
  renewed_at timestamptz not null
);
comment on table ops.leases is 'Who keeps the views, runs the sagas and so on: one owner at a time among all workers';
comment on column ops.leases.holder is 'Machine and process id of the owner';
comment on column ops.leases.backend_pid is 'Process of the database that serves the owner''s writing connection';
comment on column ops.leases.renewed_at is 'When the owner last showed that it is alive; after a few seconds of silence another may take over';

alter table ops.checkpoints
  drop constraint checkpoints_state_check,
  add constraint checkpoints_state_check check (state in ('live', 'building', 'arriving', 'frozen', 'detached'));
comment on column ops.checkpoints.state is 'live: kept up to date; building: being built beside the one that is shown; arriving: built, to be shown as soon as it stands where that one stands; frozen: shown as it was until its successor is built, since the code that made it is gone; detached: stopped by a failure';

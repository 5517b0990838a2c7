-- The past of the views, and which position in the log an instant stands for.
create schema if not exists read_past;
comment on schema read_past is 'Read models with every state they ever had: each row with the positions in the log from and to which it was so';

create table ops.log_instants (
  recorded_at timestamptz(3) primary key,
  position bigint not null
);
comment on table ops.log_instants is 'Where the log passed an instant: one row whenever the latest recordedAt so far grew';
comment on column ops.log_instants.position is 'Position of the event by which it grew; both columns only grow';

do $$
begin
  grant usage on schema read_past to throughline_analyst;
  alter default privileges in schema read_past grant select on tables to throughline_analyst;
exception
  when undefined_object then null;
end $$;

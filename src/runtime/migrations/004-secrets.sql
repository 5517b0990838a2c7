-- Secrets the house makes for itself once and shares among its processes, such as the key that seals page cursors.
create table ops.secrets (
  name text primary key,
  value text not null
);

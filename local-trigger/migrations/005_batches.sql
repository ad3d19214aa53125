-- Runs that were triggered together. Each item keeps its place: what is sent again is known by it.
create table local_trigger.batches (
  id              text primary key,
  run_count       integer not null,
  parent_run_id   text,
  blocks_parent   boolean not null,
  idempotency_key text unique,
  request_key     text unique,
  created_at      timestamptz(3) not null,
  updated_at      timestamptz(3) not null
);

create table local_trigger.batch_items (
  batch_id text not null references local_trigger.batches (id) on delete cascade,
  position integer not null,
  run_id   text not null references local_trigger.runs (id) on delete cascade,
  primary key (batch_id, position)
);
create index batch_items_run on local_trigger.batch_items (run_id);

alter table local_trigger.runs add column batch_id text;
-- Set where a run waits for the runs of a batch; which of them is known once the item has come.
alter table local_trigger.waitpoints add column batch_id text;

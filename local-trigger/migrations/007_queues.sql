-- Where runs wait in line, and what limits how many of them execute at once. Names: `task/<task>` is the line that each
-- task has of itself, any other is one that the code (or a trigger) names; `limit/<name>` is a limit that runs hold
-- beside their line, `limit/task/<task>` the one that a task has of itself.
create table local_trigger.queues (
  name              text primary key,
  id                text not null unique,
  -- Runs that may execute for one concurrency key (those without a key share one pool), and together. Null: any number.
  per_key           integer,
  total             integer,
  per_key_override  integer,
  per_key_override_at timestamptz(3),
  total_override    integer,
  total_override_at timestamptz(3),
  paused            boolean not null default false,
  created_at        timestamptz(3) not null default clock_timestamp()
);

-- Another per-key limit for one key, for a while.
create table local_trigger.queue_key_overrides (
  name            text not null references local_trigger.queues (name) on delete cascade,
  concurrency_key text not null,
  per_key         integer not null,
  expires_at      timestamptz(3) not null,
  primary key (name, concurrency_key)
);

-- What the newest registration says of its tasks. A run takes it over when it is created; one whose task nobody knew
-- then reads it here.
create table local_trigger.task_queues (
  task_identifier text primary key,
  queue           text not null,
  own_limit       text,
  limits          text[] not null
);

alter table local_trigger.runs
  add column queue text,
  add column limits text[],
  add column concurrency_key text,
  add column priority_ms bigint not null default 0,
  -- Milliseconds: when the run was queued, less its priority. Where equal, queue_position decides.
  add column queue_rank bigint,
  -- Everything that the run waited for is there, and it stands in line for a slot to go on in.
  add column awaits_slot boolean not null default false;

update local_trigger.runs
  set queue_rank = floor(extract(epoch from coalesce(queued_at, created_at)) * 1000)::bigint
  where status = 'PENDING';

drop index local_trigger.runs_queue;
create index runs_queue on local_trigger.runs (queue_rank, queue_position) where status = 'PENDING';
create index runs_awaiting_slot on local_trigger.runs (id) where awaits_slot;
create index runs_in_queue on local_trigger.runs (queue) where completed_at is null;

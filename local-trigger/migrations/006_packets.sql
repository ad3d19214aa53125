-- Payloads and outputs that are too large to travel inside a run. The path is what the run holds instead.
create table local_trigger.packets (
  path         text primary key,
  content_type text not null,
  body         bytea not null,
  updated_at   timestamptz(3) not null default clock_timestamp()
);

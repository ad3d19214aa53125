-- Schedules: DECLARATIVE ones come with the registration of task code, one a task; IMPERATIVE ones through the API.
-- next_at is the tick that the timer of the schedule stands for. A timer that stands for another one does nothing.
create table local_trigger.schedules (
  id                text primary key,
  type              text not null,
  task_identifier   text not null,
  cron              text not null,
  timezone          text not null,
  spread            text,
  external_id       text,
  deduplication_key text unique,
  active            boolean not null default true,
  next_at           timestamptz(3),
  last_at           timestamptz(3),
  created_at        timestamptz(3) not null
);
create unique index schedules_declared on local_trigger.schedules (task_identifier) where type = 'DECLARATIVE';

alter table local_trigger.runs add column schedule_id text;
create index runs_schedule on local_trigger.runs (schedule_id) where schedule_id is not null;

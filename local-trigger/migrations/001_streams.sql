-- Append-only logs. The row of a stream is locked by every append to it: that is what makes numbers gapless.
create table local_trigger.streams (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  next_seq bigint not null default 0,
  last_timestamp bigint not null default 0,
  trim_point bigint not null default 0
);

create table local_trigger.stream_records (
  stream_id bigint not null,
  seq bigint not null,
  recorded_at bigint not null,
  body text not null,
  headers jsonb not null,
  part_id text,
  primary key (stream_id, seq)
);

create unique index stream_records_part on local_trigger.stream_records (stream_id, part_id)
  where part_id is not null;

-- Control and command records only: the newest turn-complete is found without reading a whole turn.
create index stream_records_control on local_trigger.stream_records (stream_id, seq)
  where headers <> '[]'::jsonb;

-- Trims that have been asked for and not yet carried out, each with the point of its own time.
create table local_trigger.stream_trims (
  stream_id bigint not null,
  trim_to bigint not null,
  due_at timestamptz not null
);

create index stream_trims_due on local_trigger.stream_trims (due_at);

-- Streams below these two-part prefixes were deleted and never come back.
create table local_trigger.removed_prefixes (
  prefix text collate "C" primary key,
  removed_at timestamptz not null default now()
);

create function local_trigger.stream_prefix(stream text) returns text
language sql immutable as $$ select substring(stream from '^[^/]+/[^/]+/') $$;

create function local_trigger.append_records(
  p_stream text,
  p_bodies text[],
  p_headers jsonb[],
  p_trims bigint[],
  p_part_id text,
  p_trim_delay_ms integer
) returns table (first_seq bigint, end_seq bigint, recorded bigint, duplicate boolean)
language plpgsql as $$
declare
  s local_trigger.streams%rowtype;
  earlier bigint;
  trim_to bigint;
begin
  loop
    select * into s from local_trigger.streams where name = p_stream for update;
    exit when found;
    -- Shared against the exclusive lock of a removal: no stream is created beside one that is being removed.
    perform pg_advisory_xact_lock_shared(hashtextextended(local_trigger.stream_prefix(p_stream), 1));
    if exists (
      select from local_trigger.removed_prefixes where prefix = local_trigger.stream_prefix(p_stream)
    ) then
      raise exception 'stream removed' using errcode = 'LT001';
    end if;
    insert into local_trigger.streams (name) values (p_stream) on conflict (name) do nothing;
  end loop;

  if p_part_id is not null then
    select r.seq into earlier from local_trigger.stream_records r
      where r.stream_id = s.id and r.part_id = p_part_id;
    if found then
      return query select earlier, s.next_seq, s.last_timestamp, true;
      return;
    end if;
  end if;

  s.last_timestamp := greatest(floor(extract(epoch from clock_timestamp()) * 1000)::bigint, s.last_timestamp);
  insert into local_trigger.stream_records (stream_id, seq, recorded_at, body, headers, part_id)
    select s.id, s.next_seq + r.n - 1, s.last_timestamp, r.body, r.header_list, p_part_id
    from unnest(p_bodies, p_headers) with ordinality as r(body, header_list, n);

  -- A trim record never trims itself, and never moves the point back.
  select max(least(t.point, s.next_seq + t.n - 1)) into trim_to
    from unnest(p_trims) with ordinality as t(point, n)
    where t.point is not null;
  if trim_to > s.trim_point then
    s.trim_point := trim_to;
    insert into local_trigger.stream_trims (stream_id, trim_to, due_at)
      values (s.id, trim_to, now() + p_trim_delay_ms * interval '1 millisecond');
  end if;

  update local_trigger.streams
    set next_seq = s.next_seq + cardinality(p_bodies), last_timestamp = s.last_timestamp, trim_point = s.trim_point
    where id = s.id;
  return query select s.next_seq, s.next_seq + cardinality(p_bodies), s.last_timestamp, false;
end $$;

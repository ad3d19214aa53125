-- Appends of many writers in one statement and one commit. Never waits: a stream that is locked elsewhere, or not there yet,
-- is left out of the answer, and its appends are for append_records. `p_of` tells which append (1, 2, …) a record belongs to.
create function local_trigger.append_many(
  p_streams text[],
  p_parts text[],
  p_of bigint[],
  p_bodies text[],
  p_headers jsonb[]
) returns table (append bigint, first_seq bigint, end_seq bigint, recorded bigint)
language sql as $$
  with locked as materialized (
    select id, name, next_seq,
      greatest(floor(extract(epoch from clock_timestamp()) * 1000)::bigint, last_timestamp) as recorded
    from local_trigger.streams where name = any(p_streams) order by name for update skip locked
  ), placed as materialized (
    select r.append, s.id, s.recorded, r.body, r.header_list, a.part,
      s.next_seq + row_number() over (partition by s.id order by r.position) - 1 as seq
    from unnest(p_of, p_bodies, p_headers) with ordinality as r(append, body, header_list, position)
    join unnest(p_streams, p_parts) with ordinality as a(stream, part, n) on a.n = r.append
    join locked s on s.name = a.stream
  ), stored as (
    insert into local_trigger.stream_records (stream_id, seq, recorded_at, body, headers, part_id)
    select id, seq, placed.recorded, body, header_list, part from placed
  ), moved as (
    update local_trigger.streams s set next_seq = m.next_seq, last_timestamp = m.recorded
    from (select id, max(seq) + 1 as next_seq, max(placed.recorded) as recorded from placed group by id) m
    where s.id = m.id
  )
  select placed.append, min(seq), max(seq) + 1, max(placed.recorded) from placed group by placed.append
$$;

-- The same for `.in`, as append_input is for one: only sessions that are open, whose run lives and where nobody waits at a
-- waitpoint. Each statement sees what was committed before it, so the checks see the truth under the locks.
create function local_trigger.append_inputs(
  p_sessions text[],
  p_streams text[],
  p_bodies text[],
  p_parts text[]
) returns table (append bigint, first_seq bigint, end_seq bigint, recorded bigint)
language plpgsql as $$
declare
  locked bigint[];
  ready bigint[];
begin
  select array_agg(l.n) into locked from (
    select s.n, pg_try_advisory_xact_lock(hashtextextended('session:' || s.id, 0)) as ours
    from unnest(p_sessions) with ordinality as s(id, n)
  ) l where l.ours;
  select array_agg(i.n order by i.n) into ready
    from unnest(p_sessions, p_streams) with ordinality as i(session_id, stream, n)
    join local_trigger.sessions s on s.id = i.session_id
    join local_trigger.runs r on r.id = s.current_run_id
    where i.n = any(locked) and s.closed_at is null
      and (s.expires_at is null or s.expires_at > clock_timestamp())
      and r.execution_status not in ('FINISHED', 'PENDING_CANCEL')
      and not exists (
        select from local_trigger.waitpoints w where w.stream = i.stream and w.status = 'PENDING'
      );
  return query
    select ready[m.append], m.first_seq, m.end_seq, m.recorded
    from (
      select array_agg(i.stream order by i.n) as streams, array_agg(i.part order by i.n) as parts,
        array_agg(i.body order by i.n) as bodies, array_agg(i.place order by i.n) as places,
        array_agg('[]'::jsonb) as headers
      from (
        select u.stream, u.body, u.part, u.n, row_number() over (order by u.n) as place
        from unnest(p_streams, p_bodies, p_parts) with ordinality as u(stream, body, part, n)
        where u.n = any(ready)
      ) i
    ) g,
    lateral local_trigger.append_many(g.streams, g.parts, g.places, g.bodies, g.headers) m;
end $$;

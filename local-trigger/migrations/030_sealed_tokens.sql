-- From here on tokens in headers are kept sealed. Those that were kept in clear go: who reads the record asks for a new one.
update local_trigger.stream_records
  set headers = coalesce((
    select jsonb_agg(header order by place)
    from jsonb_array_elements(headers) with ordinality as h(header, place)
    where header ->> 0 <> 'public-access-token'
  ), '[]')
  where headers <> '[]'::jsonb and headers @> '[["public-access-token"]]'::jsonb;

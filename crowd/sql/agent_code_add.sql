-- Keep a request for a code of an agent. No answer.
insert into crowd.agent_code (request_hash, code_hash, agent_id, network, expires_at)
values (%(request)s::bytea, %(code)s::bytea, %(agent)s::bigint, %(network)s::text,
        now() + make_interval(mins => %(minutes)s::integer))

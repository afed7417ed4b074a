-- Keep a request for a code. No answer.
insert into crowd.mandate_code
  (request_hash, code_hash, link_hash, commune_number, outcome, proof, email, network, expires_at)
values
  (%(request)s::bytea, %(code)s::bytea, %(link)s::bytea, %(commune)s::integer, %(outcome)s::text,
   %(proof)s::text, %(email)s::text, %(network)s::text,
   now() + make_interval(mins => %(minutes)s::integer))

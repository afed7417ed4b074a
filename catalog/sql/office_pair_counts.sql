-- How many pairs wait for a decision, are merged, and are known to be two places. One row, always.
select (
         select count(*) from catalog.office_pair p
         join   catalog.office low on low.id = p.low_id and low.withdrawn_at is null
         join   catalog.office high on high.id = p.high_id and high.withdrawn_at is null
         where  not p.different
           and  not exists (
             select from catalog.office_redirect r
             where  (r.old_id, r.new_id) in ((p.low_id, p.high_id), (p.high_id, p.low_id))
           )
       ),
       (select count(*) from catalog.office_redirect),
       (select count(*) from catalog.office_pair where different)

-- Every office that readers see, with what a raster of distances needs: where it is (null when no
-- source places it, or when its point is far from its commune and so not believed), whether that
-- is a doubt, when its source said so, and who lists it. No row: none is known.
select   o.id, o.kind, o.commune_number,
         case when far.office_id is null then st_x(o.point) end as longitude,
         case when far.office_id is null then st_y(o.point) end as latitude,
         far.office_id is not null as doubted,
         (o.observed_at at time zone 'utc')::date as day, o.sources
from     catalog.pub_office o
left join catalog.office_far far on far.office_id = o.id
order by o.id

-- Jobs that wait, run or failed, by task. No row: the queue is empty and nothing failed.
select status::text as status, task_name, count(*) as count
from   procrastinate.procrastinate_jobs
where  status in ('todo', 'doing', 'failed')
group  by status, task_name
order  by status, task_name

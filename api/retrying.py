"""What becomes of a job that failed while another of the same queueing lock came to wait."""

import datetime
import logging

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

log = logging.getLogger("guichet.worker")


class Retrying(JobManager):
    """As procrastinate's, but for a second try that somebody else has queued meanwhile.

    One job of a queueing lock may wait; it may come while another one is at work. When that one
    then fails, it cannot wait too: procrastinate raises, the job stays at work for ever, and
    its lock keeps every later harvest of the source waiting. The one that waits is its retry.
    """

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime.datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await super().retry_job_by_id_async(job_id, retry_at, priority, queue, lock)
        except UniqueViolation:
            log.info("job %s failed, and another one waits to do the same: no second try", job_id)
            await self.finish_job_by_id_async(job_id, Status.FAILED, delete_job=False)

"""I3: an export that was acknowledged is there, and says what became of it."""

from typing import Final

from adapters.doctor.rule import rule

RULES: Final = (
    rule(
        "I3",
        "an export that was acknowledged is there",
        """
        SELECT kept.caller || ' ' || kept.operation || ' ' || kept.key AS name, export_jobs.id IS NOT NULL AS holds
        FROM idempotency_keys AS kept
        LEFT JOIN export_jobs ON export_jobs.id = kept.outcome ->> 'job_id'
        WHERE kept.state = 'DONE' AND kept.outcome ->> 'type' = 'ExportStarted'
        """,
    ),
    rule(
        "I3",
        "an export has its digest and its watermark when it succeeded, and no file otherwise",
        """
        SELECT id AS name,
               CASE WHEN status = 'SUCCEEDED' THEN num_nulls(sha256, watermark, finished_at) = 0 AND error IS NULL
                    ELSE num_nonnulls(sha256, watermark, expires_at) = 0
                         AND (finished_at IS NULL) = (status IN ('QUEUED', 'RUNNING'))
                         AND (error IS NULL) = (status <> 'FAILED')
               END AS holds
        FROM export_jobs
        """,
    ),
)

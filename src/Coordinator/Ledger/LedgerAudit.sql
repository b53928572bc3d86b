-- Every frame of a job is in exactly one place: inside a span, inside a lease and not yet committed, or settled.
-- Each row names a job and a rule that does not hold for it; no row means that the ledger is whole.
-- Runs on PostgreSQL and on SQLite.
WITH pieces AS (
    SELECT job_id, "first", "first" + "count" AS past, 1 AS waits FROM spans
    UNION ALL
    SELECT job_id, "first", "first" + "count", 1 FROM leases
    UNION ALL
    -- A frame that a live lease has committed lies inside that lease's range.
    SELECT f.job_id, f."index", f."index" + 1, 0
    FROM frames f LEFT JOIN leases l ON l.attempt_id = f.attempt_id AND l.job_id = f.job_id AND f."index" >= l."first" AND f."index" < l."first" + l."count"
    WHERE l.attempt_id IS NULL
), walk AS (
    SELECT job_id, "first", past, waits,
           COALESCE(MAX(past) OVER (PARTITION BY job_id ORDER BY "first", past ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS reached
    FROM pieces
), reach AS (
    SELECT j.id AS job_id, COALESCE(MAX(w.past), 0) AS past, COALESCE(MAX(w.waits), 0) AS waits
    FROM jobs j LEFT JOIN walk w ON w.job_id = j.id
    GROUP BY j.id
), tally AS (
    SELECT j.id AS job_id,
           COUNT(CASE WHEN f.state = 'Rendered' THEN 1 END) AS rendered,
           COUNT(CASE WHEN f.state = 'Failed' THEN 1 END) AS failed,
           COUNT(CASE WHEN f.state = 'Quarantined' THEN 1 END) AS quarantined,
           CAST(COALESCE(SUM(CASE WHEN f.state = 'Rendered' THEN f.render_milliseconds END), 0) AS bigint) AS render_milliseconds,
           COALESCE(MAX(f.version), 0) AS version
    FROM jobs j LEFT JOIN frames f ON f.job_id = j.id
    GROUP BY j.id
)
SELECT w.job_id, 'gap: frames are in no place' AS rule, w.reached AS "first", w."first" - w.reached AS "count", CAST(NULL AS bigint) AS expected, CAST(NULL AS bigint) AS actual
FROM walk w JOIN jobs j ON j.id = w.job_id WHERE w."first" > w.reached AND j.state <> 'Cancelled'
UNION ALL
SELECT r.job_id, 'gap: frames are in no place', r.past, j.frame_count - r.past, NULL, NULL
FROM reach r JOIN jobs j ON j.id = r.job_id WHERE r.past < j.frame_count AND j.state <> 'Cancelled'
UNION ALL
SELECT w.job_id, 'overlap: frames are in two places', w."first", CASE WHEN w.past < w.reached THEN w.past ELSE w.reached END - w."first", NULL, NULL
FROM walk w WHERE w."first" < w.reached
UNION ALL
SELECT w.job_id, 'range: frames are outside the job', w."first", w.past - w."first", NULL, NULL
FROM walk w JOIN jobs j ON j.id = w.job_id WHERE w."first" < 0 OR w.past > j.frame_count
UNION ALL
SELECT j.id, 'end: frames of an ended job wait', NULL, NULL, NULL, NULL
FROM reach r JOIN jobs j ON j.id = r.job_id WHERE r.waits = 1 AND j.state IN ('Completed', 'Failed', 'Cancelled')
UNION ALL
SELECT j.id, 'counter: rendered', NULL, NULL, t.rendered, j.rendered FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.rendered <> j.rendered
UNION ALL
SELECT j.id, 'counter: failed', NULL, NULL, t.failed, j.failed FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.failed <> j.failed
UNION ALL
SELECT j.id, 'counter: quarantined', NULL, NULL, t.quarantined, j.quarantined FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.quarantined <> j.quarantined
UNION ALL
SELECT j.id, 'counter: render milliseconds', NULL, NULL, t.render_milliseconds, j.render_milliseconds
FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.render_milliseconds <> j.render_milliseconds
UNION ALL
SELECT j.id, 'counter: cancelled', NULL, NULL, CASE WHEN j.state = 'Cancelled' THEN j.frame_count - t.rendered - t.failed ELSE 0 END, j.cancelled
FROM tally t JOIN jobs j ON j.id = t.job_id WHERE j.cancelled <> CASE WHEN j.state = 'Cancelled' THEN j.frame_count - t.rendered - t.failed ELSE 0 END
UNION ALL
SELECT j.id, 'version: a frame is ahead of its job', NULL, NULL, t.version, j.version FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.version > j.version
UNION ALL
SELECT l.job_id, 'fence: a lease is ahead of its job', l."first", l."count", l.fence, j.next_fence FROM leases l JOIN jobs j ON j.id = l.job_id WHERE l.fence >= j.next_fence
UNION ALL
SELECT f.job_id, 'attempt: a frame has none', f."index", 1, NULL, NULL
FROM frames f LEFT JOIN leases l ON l.attempt_id = f.attempt_id LEFT JOIN attempts a ON a.attempt_id = f.attempt_id
WHERE l.attempt_id IS NULL AND a.attempt_id IS NULL

-- What must hold between the rows of a farm and does not: each row names the invariant, the job or worker, and the rule that is broken.
-- No row means that the ledger is whole. It reads one snapshot and changes nothing; run it at any time.
-- This is PostgreSQL's form. On SQLite the first line is:
-- WITH moments AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) - 60000 AS minute_ago, CAST(unixepoch('subsec') * 1000 AS INTEGER) - 15000 AS lately),
WITH moments AS (SELECT now() - interval '60 s' AS minute_ago, now() - interval '15 s' AS lately),
-- Every frame of a job is in exactly one place: inside a span, inside a lease and not yet committed, or settled.
pieces AS (
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
),
-- Leases that are and were, in the order of their fences.
fences AS (
    SELECT job_id, fence, "first", "count", offered_at AS moment FROM leases
    UNION ALL
    SELECT job_id, fence, "first", "count", started_at FROM attempts
), turns AS (
    SELECT job_id, fence, "first", "count", moment, LAG(fence) OVER turn AS earlier, LAG(moment) OVER turn AS earlier_moment
    FROM fences WINDOW turn AS (PARTITION BY job_id ORDER BY fence, moment)
), leased AS (
    SELECT j.id AS job_id, j.state, j.next_fence, COUNT(f.fence) AS leases, MIN(f.fence) AS lowest
    FROM jobs j LEFT JOIN fences f ON f.job_id = j.id
    GROUP BY j.id, j.state, j.next_fence
), brought AS (
    SELECT attempt_id, COUNT(*) AS frames FROM frames WHERE state = 'Rendered' GROUP BY attempt_id
),
-- Frames with strikes, and the attempts over the first of them that may have counted.
struck AS (
    SELECT job_id, "first", "count", tries, crashes FROM spans WHERE tries > 0 OR crashes > 0
    UNION ALL
    SELECT job_id, "first", "count", tries, crashes FROM leases WHERE tries > 0 OR crashes > 0
), blamed AS (
    SELECT s.job_id, s."first", s."count", s.tries, s.crashes,
           COUNT(CASE WHEN a.error_class = 'Worker' THEN 1 END) AS faults,
           COUNT(CASE WHEN a.error_class IN ('Crash', 'OutOfMemory') THEN 1 END) AS deaths
    FROM struck s LEFT JOIN attempts a ON a.job_id = s.job_id AND a."first" <= s."first" AND a."first" + a."count" > s."first"
    GROUP BY s.job_id, s."first", s."count", s.tries, s.crashes
)
SELECT 'I7' AS invariant, w.job_id, CAST(NULL AS text) AS subject, 'gap: frames are in no place' AS rule, w.reached AS "first", w."first" - w.reached AS "count",
       CAST(NULL AS bigint) AS expected, CAST(NULL AS bigint) AS actual
FROM walk w JOIN jobs j ON j.id = w.job_id WHERE w."first" > w.reached AND j.state <> 'Cancelled'
UNION ALL
SELECT 'I7', r.job_id, NULL, 'gap: frames are in no place', r.past, j.frame_count - r.past, NULL, NULL
FROM reach r JOIN jobs j ON j.id = r.job_id WHERE r.past < j.frame_count AND j.state <> 'Cancelled'
UNION ALL
SELECT 'I7', w.job_id, NULL, 'overlap: frames are in two places', w."first", CASE WHEN w.past < w.reached THEN w.past ELSE w.reached END - w."first", NULL, NULL
FROM walk w WHERE w."first" < w.reached
UNION ALL
SELECT 'I7', w.job_id, NULL, 'range: frames are outside the job', w."first", w.past - w."first", NULL, NULL
FROM walk w JOIN jobs j ON j.id = w.job_id WHERE w."first" < 0 OR w.past > j.frame_count
UNION ALL
SELECT 'I7', j.id, NULL, 'counter: rendered', NULL, NULL, t.rendered, j.rendered FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.rendered <> j.rendered
UNION ALL
SELECT 'I7', j.id, NULL, 'counter: failed', NULL, NULL, t.failed, j.failed FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.failed <> j.failed
UNION ALL
SELECT 'I7', j.id, NULL, 'counter: quarantined', NULL, NULL, t.quarantined, j.quarantined FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.quarantined <> j.quarantined
UNION ALL
SELECT 'I7', j.id, NULL, 'counter: render milliseconds', NULL, NULL, t.render_milliseconds, j.render_milliseconds
FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.render_milliseconds <> j.render_milliseconds
UNION ALL
SELECT 'I7', j.id, NULL, 'counter: cancelled', NULL, NULL, CASE WHEN j.state = 'Cancelled' THEN j.frame_count - t.rendered - t.failed ELSE 0 END, j.cancelled
FROM tally t JOIN jobs j ON j.id = t.job_id WHERE j.cancelled <> CASE WHEN j.state = 'Cancelled' THEN j.frame_count - t.rendered - t.failed ELSE 0 END
UNION ALL
-- A paused job's spans are behind everybody's, and only those.
SELECT 'I7', s.job_id, NULL, 'queue: a span is not in its job''s place', s."first", s."count", NULL, NULL
FROM spans s JOIN jobs j ON j.id = s.job_id WHERE (j.state = 'Paused') <> (s.rank >= 100)
UNION ALL
SELECT 'I2', a.job_id, CAST(a.attempt_id AS text), 'result: an attempt counts other frames than it has', a."first", a."count", COALESCE(b.frames, 0), a.rendered
FROM attempts a LEFT JOIN brought b ON b.attempt_id = a.attempt_id WHERE a.rendered <> COALESCE(b.frames, 0)
UNION ALL
SELECT 'I2', f.job_id, NULL, 'attempt: a frame has none', f."index", 1, NULL, NULL
FROM frames f JOIN leased j ON j.job_id = f.job_id LEFT JOIN leases l ON l.attempt_id = f.attempt_id LEFT JOIN attempts a ON a.attempt_id = f.attempt_id
-- Attempts of an ended job go when they are old, the first of them first.
WHERE l.attempt_id IS NULL AND a.attempt_id IS NULL AND (j.state NOT IN ('Completed', 'Failed', 'Cancelled') OR j.lowest = 1)
UNION ALL
SELECT 'I3', f.job_id, NULL, 'fence: a lease is ahead of its job', f."first", f."count", f.fence, j.next_fence FROM fences f JOIN jobs j ON j.id = f.job_id WHERE f.fence >= j.next_fence
UNION ALL
SELECT 'I3', t.job_id, NULL, 'fence: two leases have the same', t."first", t."count", NULL, t.fence FROM turns t WHERE t.fence = t.earlier
UNION ALL
SELECT 'I3', t.job_id, NULL, 'fence: a later one was offered earlier', t."first", t."count", NULL, t.fence FROM turns t WHERE t.moment < t.earlier_moment
UNION ALL
-- A key names the frame and the attempt, so that none is written by two.
SELECT 'I4', f.job_id, f.artifact_key, 'object: a key is not of its frame and attempt', f."index", 1, NULL, NULL
FROM frames f JOIN jobs j ON j.id = f.job_id
WHERE f.state = 'Rendered' AND f.artifact_key NOT LIKE j.tenant || '/' || lower(CAST(f.job_id AS text)) || '/' || CAST(f."index" AS text) || '/' || lower(replace(CAST(f.attempt_id AS text), '-', '')) || '.%'
UNION ALL
-- Somebody has to be there to return it: only while workers are heard of and a leader says that it lives, and not just after a worker began.
SELECT 'I5', l.job_id, l.worker, 'deadline: a lease is overdue by more than 60 s', l."first", l."count", NULL, l.fence
FROM leases l CROSS JOIN moments m
WHERE COALESCE(l.lease_until, l.accept_by) < m.minute_ago
  AND EXISTS (SELECT 1 FROM workers w WHERE w.last_seen_at > m.lately) AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.joined_at > m.minute_ago)
  AND NOT EXISTS (SELECT 1 FROM leadership e WHERE e.since < m.lately)
UNION ALL
SELECT 'I6', j.id, NULL, 'end: frames of an ended job wait', NULL, NULL, NULL, NULL
FROM reach r JOIN jobs j ON j.id = r.job_id WHERE r.waits = 1 AND j.state IN ('Completed', 'Failed', 'Cancelled')
UNION ALL
SELECT 'I6', f.job_id, NULL, 'end: an ended job was leased', f."first", f."count", NULL, f.fence FROM fences f JOIN jobs j ON j.id = f.job_id WHERE f.moment > j.finished_at
UNION ALL
-- What two leaders offered at once returns within seconds.
SELECT 'I8', CAST(NULL AS uuid), w.name, 'window: a worker holds more leases than it may', NULL, NULL, w."window", COUNT(*)
FROM workers w JOIN leases l ON l.worker = w.name AND l.worker_epoch = w.epoch CROSS JOIN moments m WHERE l.offered_at < m.lately GROUP BY w.name, w."window" HAVING COUNT(*) > w."window"
UNION ALL
SELECT 'I9', j.id, NULL, 'version: a frame is ahead of its job', NULL, NULL, t.version, j.version FROM tally t JOIN jobs j ON j.id = t.job_id WHERE t.version > j.version
UNION ALL
SELECT 'I10', f.job_id, NULL, 'end: a frame was committed after it', f."index", 1, NULL, NULL FROM frames f JOIN jobs j ON j.id = f.job_id WHERE f.committed_at > j.finished_at
UNION ALL
SELECT 'I10', l.job_id, l.worker, 'pause: a paused job has a lease', l."first", l."count", NULL, l.fence FROM leases l JOIN jobs j ON j.id = l.job_id WHERE j.state = 'Paused'
UNION ALL
SELECT 'I11', s.job_id, s.worker, 'strikes: of an error that strikes nobody', NULL, NULL, NULL, NULL FROM strikes s WHERE s.error_class NOT IN ('Worker', 'Crash', 'OutOfMemory')
UNION ALL
-- A drain for strikes is lifted soon after an incident has made them void.
SELECT 'I11', CAST(NULL AS uuid), w.name, 'strikes: a worker is drained for ones that are void', NULL, NULL, NULL, NULL
FROM workers w CROSS JOIN moments m
WHERE w.drain_reason LIKE 'Strikes: %' AND EXISTS (SELECT 1 FROM strikes s WHERE s.worker = w.name AND s.worker_epoch = w.epoch)
  AND NOT EXISTS (SELECT 1 FROM strikes s WHERE s.worker = w.name AND s.worker_epoch = w.epoch AND NOT s.is_void)
  AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.started_at > m.minute_ago OR i.ended_at > m.minute_ago)
UNION ALL
SELECT 'I11', b.job_id, NULL, 'strikes: tries that no worker''s fault explains', b."first", b."count", b.faults, b.tries FROM blamed b WHERE b.tries > b.faults
UNION ALL
SELECT 'I11', b.job_id, NULL, 'strikes: crashes that no death explains', b."first", b."count", b.deaths, b.crashes FROM blamed b WHERE b.crashes > b.deaths
UNION ALL
SELECT 'I13', s.job_id, NULL, 'poison: frames wait over which two render processes died', s."first", s."count", 1, s.crashes FROM struck s WHERE s.crashes > 1
UNION ALL
SELECT 'I16', l.job_id, l.worker, 'end: an ended job has a lease', l."first", l."count", NULL, l.fence
FROM leases l JOIN jobs j ON j.id = l.job_id WHERE j.state IN ('Completed', 'Failed', 'Cancelled')
UNION ALL
SELECT 'I16', l.job_id, NULL, 'outcome: leases ended without one', NULL, NULL,
       l.next_fence - CASE WHEN l.state IN ('Completed', 'Failed', 'Cancelled') THEN COALESCE(l.lowest, l.next_fence) ELSE 1 END, l.leases
FROM leased l
WHERE l.leases <> l.next_fence - CASE WHEN l.state IN ('Completed', 'Failed', 'Cancelled') THEN COALESCE(l.lowest, l.next_fence) ELSE 1 END

-- Every metric of one experiment in one pass: integer sums and sums of products over viewers.
-- Rows of three kinds come back; a viewer without events is only counted, its zeros add nothing to a sum.
WITH {first},
-- Events of analysed viewers up to the end of their window; before the start nobody can have been exposed.
seen AS (
    SELECT
        first.viewer_id,
        first.arm,
        first.crossed,
        first.day,
        {mine} AS mine,
        logged.occurred_at - first.first_at AS since,
        logged.event,
        CASE WHEN logged.watch_ms > 0 THEN logged.watch_ms ELSE 0 END AS watch,
        CASE WHEN logged.watch_ms IS NULL THEN 1 ELSE 0 END AS untimed,
        COALESCE(logged.value, 0) AS value,
        {length} AS length
    FROM events AS logged
    JOIN first ON first.viewer_id = logged.viewer_id
    WHERE logged.event IN ({events})
        AND logged.occurred_at >= $start
        AND logged.occurred_at < $as_of
        AND logged.occurred_at - first.first_at < $window
        AND first.first_at <= $mature
),
viewer AS (
    SELECT
        viewer_id,
        arm,
        crossed,
        day,
        SUM(CASE WHEN event = $view AND untimed = 1 THEN 1 ELSE 0 END) AS untimed,
        SUM(CASE WHEN event = $view AND watch > length THEN 1 ELSE 0 END) AS overlong{measures}
    FROM seen
    WHERE mine = 1 AND since >= 0
    GROUP BY viewer_id, arm, crossed, day
)
SELECT
    'sums' AS part,
    arm,
    crossed,
    1 AS mature,
    day,
    COUNT(*) AS rows_counted,
    SUM(untimed) AS untimed,
    SUM(overlong) AS overlong{sums}
FROM viewer
GROUP BY arm, crossed, day
UNION ALL
SELECT
    'viewers' AS part,
    arm,
    crossed,
    CASE WHEN first_at <= $mature THEN 1 ELSE 0 END AS mature,
    day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong{zeros}
FROM first
GROUP BY arm, crossed, CASE WHEN first_at <= $mature THEN 1 ELSE 0 END, day
UNION ALL
SELECT
    CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END AS part,
    0 AS arm,
    0 AS crossed,
    1 AS mature,
    0 AS day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong{zeros}
FROM seen
WHERE (since < 0 AND mine = 1) OR (since >= 0 AND mine = 0)
GROUP BY CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END

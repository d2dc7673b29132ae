-- $as_of = 1728864000000000
-- $complete = complete
-- $end = 1729209600000000
-- $event0 = comment
-- $event1 = complete
-- $event2 = cta_click
-- $event3 = like
-- $event4 = save
-- $event5 = share
-- $event6 = view
-- $experiment = launch-cta
-- $start = 1728000000000000
-- $story = s1
-- $variant0 = 15s
-- $variant1 = 30s
-- $view = view
-- $window = 86400000000
-- Every metric of one experiment in one pass: integer sums and sums of products over viewers.
-- Rows of several kinds come back; a viewer without events is only counted, its zeros add nothing to a sum.
WITH -- The first exposure of every viewer, one row each: earliest time, ties to the arm declared first.
-- Time and arm are packed into one integer, so that a plain MIN finds both whatever the order of rows.
-- Not materialised: the engine then shares the grouping itself between its readers, and copies no ids.
shown AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        exposed_at,
        CASE variant WHEN $variant0 THEN 0 WHEN $variant1 THEN 1 END AS arm
    FROM exposures
    WHERE experiment = $experiment
        AND NOT forced
        AND exposed_at >= $start
        AND exposed_at < $end
        AND exposed_at <= $as_of
        AND variant IN ($variant0, $variant1)
),
packed AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        MIN((CAST(exposed_at AS BIGINT) - $start) * 2 + arm) AS earliest,
        CASE WHEN MIN(arm) < MAX(arm) THEN 1 ELSE 0 END AS crossed
    FROM shown
    GROUP BY viewer_id
),
first AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        first_at,
        first_at + $window AS closes_at,
        (first_at - (first_at % 86400000000 + 86400000000) % 86400000000) // 86400000000 AS day,
        arm,
        crossed
    FROM (
        SELECT
            viewer_id,
            $start + CAST(earliest // 2 AS BIGINT) AS first_at,
            CAST(earliest % 2 AS INTEGER) AS arm,
            crossed
        FROM packed
    ) AS unpacked
),
-- Events of analysed viewers up to the end of their window; before the start nobody can have been exposed.
seen AS (
    SELECT
        first.viewer_id,
        first.arm,
        first.crossed,
        first.day,
        CASE WHEN logged.story_id = $story THEN 1 ELSE 0 END AS mine,
        logged.occurred_at - first.first_at AS since,
        logged.event,
        CASE WHEN logged.watch_ms > 0 THEN logged.watch_ms ELSE 0 END AS watch,
        CASE WHEN logged.watch_ms IS NULL THEN 1 ELSE 0 END AS untimed,
        COALESCE(logged.value, 0) AS value,
        CASE first.arm WHEN 0 THEN 15000 WHEN 1 THEN 30000 END AS length
    FROM events AS logged
    JOIN first ON first.viewer_id = logged.viewer_id
    WHERE logged.event IN ($event0, $event1, $event2, $event3, $event4, $event5, $event6)
        AND logged.occurred_at >= $start
        AND logged.occurred_at < $as_of
        AND logged.occurred_at < first.closes_at
        AND first.closes_at <= $as_of
),
viewer AS (
    SELECT
        viewer_id,
        arm,
        crossed,
        day,
        SUM(CASE WHEN event = $view AND untimed = 1 THEN 1 ELSE 0 END) AS untimed,
        SUM(CASE WHEN event = $view AND watch > length THEN 1 ELSE 0 END) AS overlong,
        MAX(CASE WHEN event = $complete OR (event = $view AND watch >= length) THEN 1 ELSE 0 END) AS m0,
        MIN(CASE WHEN event = $view THEN CAST(since AS BIGINT) * 12001 + LEAST(watch, 12000) ELSE 1036886400000000 END) % 12001 AS m1,
        SUM(CASE WHEN event IN ($event0, $event2, $event3, $event4, $event5) THEN 1 ELSE 0 END) AS m2,
        SUM(CASE WHEN event IN ($event6) THEN 1 ELSE 0 END) AS m3
    FROM seen
    WHERE mine = 1 AND since >= 0
    GROUP BY viewer_id, arm, crossed, day
)
SELECT
    'sums' AS part,
    viewer.arm,
    viewer.crossed,
    1 AS mature,
    viewer.day,
    COUNT(*) AS rows_counted,
    SUM(untimed) AS untimed,
    SUM(overlong) AS overlong,
        SUM(CAST(m0 AS DECIMAL(38,0))),
        SUM(CAST(m1 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0))),
        SUM(CAST(m3 AS DECIMAL(38,0))),
        SUM(CAST(m1 AS DECIMAL(38,0)) * CAST(m1 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0)) * CAST(m2 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0))),
        SUM(CAST(m3 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0))),
        SUM(CAST(m1 AS DECIMAL(38,0)) * CAST(m1 AS DECIMAL(38,0)) * CAST(m1 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0)) * CAST(m2 AS DECIMAL(38,0)) * CAST(m2 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0)) * CAST(m2 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0))),
        SUM(CAST(m2 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0))),
        SUM(CAST(m3 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0)) * CAST(m3 AS DECIMAL(38,0)))
FROM viewer
GROUP BY viewer.arm, viewer.crossed, viewer.day
UNION ALL
SELECT
    'viewers' AS part,
    arm,
    crossed,
    CASE WHEN closes_at <= $as_of THEN 1 ELSE 0 END AS mature,
    day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0
FROM first
GROUP BY arm, crossed, CASE WHEN closes_at <= $as_of THEN 1 ELSE 0 END, day
UNION ALL
SELECT
    CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END AS part,
    0 AS arm,
    0 AS crossed,
    1 AS mature,
    0 AS day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0
FROM seen
WHERE (since < 0 AND mine = 1) OR (since >= 0 AND mine = 0)
GROUP BY CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END

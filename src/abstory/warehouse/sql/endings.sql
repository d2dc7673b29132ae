-- Where views ended, as counts a viewer: by whole second, apart for those left there and those still watching.
-- A cell is 2 x second, and one more where the view was still watching. A `complete` event makes one view of its story
-- complete: one that reached the length, else one without a watch time, else the longest.
WITH {first},
numbered AS (
    SELECT
        viewer_id,
        first_at,
        closes_at,
        arm,
        {cap} AS cap,
        {fixed} AS fixed,
        ROW_NUMBER() OVER () AS viewer
    FROM first
    WHERE closes_at <= $as_of
),
watched AS (
    SELECT
        viewer,
        arm,
        cap,
        fixed,
        {story} AS story_id,
        CASE
            WHEN logged.event = $complete THEN {complete}
            WHEN logged.watch_ms IS NULL THEN {untimed}
            WHEN logged.watch_ms >= cap THEN (cap - 1) // 1000 * 2 + 1
            WHEN logged.watch_ms > 0 THEN logged.watch_ms // 1000 * 2
            ELSE 0
        END AS cell,
        COUNT(*) AS views,
        SUM(CASE WHEN logged.watch_ms > 0 THEN LEAST(logged.watch_ms, cap) ELSE 0 END) AS ms
    FROM events AS logged
    JOIN numbered ON numbered.viewer_id = logged.viewer_id
    WHERE logged.event IN ($view, $complete)
        AND logged.occurred_at >= first_at
        AND logged.occurred_at < $as_of
        AND logged.occurred_at < closes_at
        AND {mine} = 1
    GROUP BY viewer, arm, cap, fixed, {story}, cell
),
marked AS (
    SELECT viewer, story_id, views AS completes
    FROM watched
    WHERE cell = {complete}
),
ranked AS (
    SELECT
        watched.viewer,
        watched.arm,
        watched.cap,
        watched.fixed,
        watched.cell,
        watched.views,
        watched.ms,
        LEAST(watched.views, GREATEST(0, completes + watched.views - SUM(watched.views) OVER (
            PARTITION BY watched.viewer, watched.story_id
            ORDER BY watched.cell % 2 DESC, watched.cell DESC
            ROWS UNBOUNDED PRECEDING
        ))) AS ended
    FROM watched
    JOIN marked ON marked.viewer = watched.viewer AND marked.story_id = watched.story_id
    WHERE watched.cell < {complete}
),
placed AS (
    SELECT watched.viewer, arm, cell, views, ms
    FROM watched
    LEFT JOIN marked ON marked.viewer = watched.viewer AND marked.story_id = watched.story_id
    WHERE completes IS NULL
    UNION ALL
    SELECT viewer, arm, cell, views - ended AS views, ms * (views - ended) // views AS ms
    FROM ranked
    WHERE views > ended
    UNION ALL
    SELECT
        viewer,
        arm,
        CASE WHEN fixed = 1 THEN (cap - 1) // 1000 * 2 + 1 ELSE cell + 1 - cell % 2 END AS cell,
        ended AS views,
        CASE WHEN fixed = 1 THEN cap * ended ELSE ms - ms * (views - ended) // views END AS ms
    FROM ranked
    WHERE ended > 0
),
own AS (
    SELECT viewer, arm, cell, SUM(views) AS views, SUM(ms) AS ms
    FROM placed
    GROUP BY viewer, arm, cell
)
SELECT 'views' AS part, arm, cell, SUM(views * views) AS other, SUM(views) AS views, SUM(ms) AS ms
FROM own
GROUP BY arm, cell
UNION ALL
SELECT 'together' AS part, one.arm, one.cell, another.cell AS other, SUM(one.views * another.views) AS views, 0 AS ms
FROM own AS one
JOIN own AS another ON another.viewer = one.viewer
WHERE one.cell < another.cell AND another.cell < {untimed}
GROUP BY one.arm, one.cell, another.cell
UNION ALL
SELECT 'viewers' AS part, arm, 0 AS cell, 0 AS other, COUNT(DISTINCT viewer) AS views, 0 AS ms
FROM own
WHERE cell < {untimed}
GROUP BY arm

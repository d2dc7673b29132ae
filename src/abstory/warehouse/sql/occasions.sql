-- Exposure by exposure: what every viewer did from their n-th exposure up to the next, in the arm of the first at all.
-- A viewer of k exposures gives 6 sum((2n - k - 1) y_n) over k (k² - 1), which is the slope of a line through them.
WITH {first},
times AS (
    SELECT DISTINCT viewer_id, exposed_at FROM shown
),
numbered AS (
    SELECT
        times.viewer_id,
        first.arm,
        times.exposed_at AS met_at,
        ROW_NUMBER() OVER (PARTITION BY times.viewer_id ORDER BY times.exposed_at) AS number,
        LEAST(
            times.exposed_at + $window,
            COALESCE(
                LEAD(times.exposed_at) OVER (PARTITION BY times.viewer_id ORDER BY times.exposed_at),
                times.exposed_at + $window
            )
        ) AS closes_at
    FROM times
    JOIN first ON first.viewer_id = times.viewer_id
),
due AS (
    SELECT * FROM numbered WHERE closes_at <= $as_of AND number <= {most}
),
did AS (
    SELECT
        viewer_id,
        number{measures}
    FROM (
        SELECT
            due.viewer_id,
            due.number,
            logged.event,
            logged.occurred_at - due.met_at AS since,
            CASE WHEN logged.watch_ms > 0 THEN logged.watch_ms ELSE 0 END AS watch,
            COALESCE(logged.value, 0) AS value,
            {length} AS length
        FROM events AS logged
        JOIN due ON due.viewer_id = logged.viewer_id
        WHERE logged.event IN ({events})
            AND logged.occurred_at >= due.met_at
            AND logged.occurred_at < due.closes_at
            AND {mine} = 1
    ) AS seen
    GROUP BY viewer_id, number
),
rows AS (
    SELECT
        due.viewer_id,
        due.arm,
        due.number,
        COUNT(*) OVER (PARTITION BY due.viewer_id) AS exposures{columns}
    FROM due
    LEFT JOIN did ON did.viewer_id = due.viewer_id AND did.number = due.number
),
lines AS (
    SELECT
        viewer_id,
        arm,
        exposures * (exposures * exposures - 1) AS spacing{slopes}
    FROM rows
    WHERE exposures > 1
    GROUP BY viewer_id, arm, exposures
)
SELECT
    arm,
    0 AS number,
    COUNT(*) AS viewers,
    SUM(CAST(spacing AS DECIMAL(38,0))) AS spaced,
    SUM(CAST(spacing AS DECIMAL(38,0)) * CAST(spacing AS DECIMAL(38,0))) AS spaced_twice{line_sums}
FROM lines
GROUP BY arm
UNION ALL
SELECT
    arm,
    number,
    COUNT(*) AS viewers,
    0 AS spaced,
    0 AS spaced_twice{row_sums}
FROM rows
GROUP BY arm, number

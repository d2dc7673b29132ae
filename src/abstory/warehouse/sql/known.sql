-- Attributes as numbers, in millionths: the last value before the first exposure, of analysed viewers.
-- Time and value are packed into one integer, so that a plain MAX finds the last; ties go to the larger value.
found AS (
    SELECT
        first.viewer_id,
        first.arm,
        first.crossed,
        first.day{found}
    FROM (
        SELECT
            viewer_id,
            name,
            measured_at,
            CAST(CAST(TRY_CAST(value AS DECIMAL(18,6)) AS DECIMAL(38,6)) * 1000000 AS BIGINT) AS number
        FROM attributes
        WHERE name IN ({attributes})
    ) AS logged
    JOIN first ON first.viewer_id = logged.viewer_id
    WHERE first.closes_at <= $as_of AND logged.number IS NOT NULL
    GROUP BY first.viewer_id, first.arm, first.crossed, first.day
),
known AS (
    SELECT
        viewer_id,
        arm,
        crossed,
        day{columns}
    FROM found
)

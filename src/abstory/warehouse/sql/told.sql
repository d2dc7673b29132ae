-- The last value of each attribute before the first exposure, of analysed viewers.
told AS (
    SELECT
        viewer_id,
        arm,
        name,
        value
    FROM (
        SELECT
            first.viewer_id,
            first.arm,
            logged.name,
            logged.value,
            ROW_NUMBER() OVER (
                PARTITION BY logged.viewer_id, logged.name
                ORDER BY logged.measured_at DESC, logged.value DESC
            ) AS place
        FROM attributes AS logged
        JOIN first ON first.viewer_id = logged.viewer_id
        WHERE logged.name IN ({names})
            AND logged.measured_at < first.first_at
            AND first.closes_at <= $as_of
    ) AS ordered
    WHERE place = 1
)

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
        AND logged.occurred_at < first.closes_at
        AND first.closes_at <= $as_of
)

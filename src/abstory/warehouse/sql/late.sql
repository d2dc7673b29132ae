-- Events that came behind: when they arrived, the store already held events from after the end of their viewer's window.
WITH {first}
SELECT
    COUNT(*) AS events,
    COUNT(DISTINCT logged.viewer_id) AS viewers,
    COALESCE(MAX(logged.frontier - logged.occurred_at), 0) AS longest
FROM (
    SELECT
        viewer_id,
        occurred_at,
        {mine} AS mine,
        CASE arrived_at {frontiers} END AS frontier
    FROM events AS logged
    WHERE event IN ({events}) AND occurred_at >= $start AND occurred_at < $as_of AND arrived_at IN ({loads})
) AS logged
JOIN first ON first.viewer_id = logged.viewer_id
WHERE logged.mine = 1
    AND logged.occurred_at >= first.first_at
    AND logged.occurred_at < first.closes_at
    AND first.closes_at <= logged.frontier
    AND first.closes_at <= $as_of

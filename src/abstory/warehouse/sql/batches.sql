-- What came when: the loads of the store, each with the first and last instant of its events.
SELECT
    arrived_at,
    MIN(occurred_at) AS earliest,
    MAX(occurred_at) AS latest
FROM events
WHERE occurred_at >= $start AND occurred_at < $as_of
GROUP BY arrived_at

-- Viewers by story: each from their own first exposure to it, in the arm of their first exposure at all, and every pair
-- of stories that one viewer met. A viewer without events is a row of zeros, so that all means have one denominator.
WITH {first},
due AS (
    SELECT viewer_id, place, arm, met_at, closes_at
    FROM (
        SELECT viewer_id, place, arm, first_at AS met_at, {closes} AS closes_at
        FROM (
            SELECT shown.viewer_id, shown.place, shown.place AS story, first.arm, MIN(shown.exposed_at) AS first_at
            FROM shown
            JOIN first ON first.viewer_id = shown.viewer_id
            WHERE shown.place < {stories}
            GROUP BY shown.viewer_id, shown.place, first.arm
        ) AS met
    ) AS closing
    WHERE closes_at <= $as_of
),
did AS (
    SELECT
        viewer_id,
        place{measures}
    FROM (
        SELECT
            due.viewer_id,
            due.place,
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
            AND CASE logged.story_id {places} ELSE {stories} END = due.place
    ) AS seen
    GROUP BY viewer_id, place
),
rows AS (
    SELECT
        due.viewer_id,
        due.place,
        due.arm{columns}
    FROM due
    LEFT JOIN did ON did.viewer_id = due.viewer_id AND did.place = due.place
)
SELECT
    one.arm,
    one.place AS one_place,
    other.place AS other_place,
    COUNT(*) AS viewers{sums}
FROM rows AS one
JOIN rows AS other ON other.viewer_id = one.viewer_id AND other.place >= one.place
GROUP BY one.arm, one.place, other.place

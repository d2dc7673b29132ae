-- Analysed viewers whose first logged variant is not the one assignment gives, on every $shards-th of the ids.
WITH {first},
drawn AS (
    SELECT
        arm,
        CASE arm {names} END AS logged,
        {assigned} AS assigned
    FROM first
    WHERE closes_at <= $as_of
)
SELECT
    arm,
    COUNT(*) AS checked,
    SUM(CASE WHEN assigned = logged THEN 0 ELSE 1 END) AS mismatched
FROM drawn
GROUP BY arm

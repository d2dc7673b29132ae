-- Analysed viewers whose every value of an attribute is from the first exposure on, however late it came.
WITH {first}
SELECT
    name,
    COUNT(*) AS viewers
FROM (
    SELECT
        logged.name,
        logged.viewer_id
    FROM attributes AS logged
    JOIN first ON first.viewer_id = logged.viewer_id
    WHERE logged.name IN ({names})
        AND first.closes_at <= $as_of
    GROUP BY logged.name, logged.viewer_id
    HAVING MIN(logged.measured_at - first.first_at) >= 0
) AS late
GROUP BY name

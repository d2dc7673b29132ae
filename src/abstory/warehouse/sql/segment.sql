SELECT
    'viewers' AS part,
    {at} AS attribute,
    COALESCE(t{at}, {unknown}) AS segment,
    first.arm,
    COUNT(*) AS rows_counted{zeros}
FROM first
LEFT JOIN tagged ON tagged.viewer_id = first.viewer_id
WHERE first.closes_at <= $as_of
GROUP BY COALESCE(t{at}, {unknown}), first.arm
UNION ALL
SELECT
    'sums' AS part,
    {at} AS attribute,
    COALESCE(t{at}, {unknown}) AS segment,
    viewer.arm,
    COUNT(*) AS rows_counted{sums}
FROM viewer
LEFT JOIN tagged ON tagged.viewer_id = viewer.viewer_id
GROUP BY COALESCE(t{at}, {unknown}), viewer.arm

UNION ALL
SELECT
    'known' AS part,
    arm,
    crossed,
    1 AS mature,
    day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong{sums}
FROM known
GROUP BY arm, crossed, day

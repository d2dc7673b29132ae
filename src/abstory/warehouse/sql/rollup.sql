-- Every metric of one experiment in one pass: integer sums and sums of products over viewers.
-- Rows of several kinds come back; a viewer without events is only counted, its zeros add nothing to a sum.
WITH {first},
{viewer}{known}
SELECT
    'sums' AS part,
    viewer.arm,
    viewer.crossed,
    1 AS mature,
    viewer.day,
    COUNT(*) AS rows_counted,
    SUM(untimed) AS untimed,
    SUM(overlong) AS overlong{sums}
FROM viewer{beside}
GROUP BY viewer.arm, viewer.crossed, viewer.day{alone}
UNION ALL
SELECT
    'viewers' AS part,
    arm,
    crossed,
    CASE WHEN closes_at <= $as_of THEN 1 ELSE 0 END AS mature,
    day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong{zeros}
FROM first
GROUP BY arm, crossed, CASE WHEN closes_at <= $as_of THEN 1 ELSE 0 END, day
UNION ALL
SELECT
    CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END AS part,
    0 AS arm,
    0 AS crossed,
    1 AS mature,
    0 AS day,
    COUNT(*) AS rows_counted,
    0 AS untimed,
    0 AS overlong{zeros}
FROM seen
WHERE (since < 0 AND mine = 1) OR (since >= 0 AND mine = 0)
GROUP BY CASE WHEN since < 0 THEN 'before' ELSE 'elsewhere' END

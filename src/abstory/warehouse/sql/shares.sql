-- Views watched at most so long and views, as sums over the viewers who have any.
WITH {first},
{seen},
counted AS (
    SELECT
        viewer_id,
        arm,
        SUM(CASE WHEN watch <= CASE arm {values} END THEN 1 ELSE 0 END) AS low,
        COUNT(*) AS views
    FROM seen
    WHERE event = $view AND mine = 1 AND since >= 0
    GROUP BY viewer_id, arm
)
SELECT
    arm,
    COUNT(*) AS viewers,
    SUM(low) AS low,
    SUM(views) AS views,
    SUM(CAST(low AS DECIMAL(38,0)) * low) AS low_low,
    SUM(CAST(low AS DECIMAL(38,0)) * views) AS low_views,
    SUM(CAST(views AS DECIMAL(38,0)) * views) AS views_views
FROM counted
GROUP BY arm

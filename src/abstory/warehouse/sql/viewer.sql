{seen},
viewer AS (
    SELECT
        viewer_id,
        arm,
        crossed,
        day,
        SUM(CASE WHEN event = $view AND untimed = 1 THEN 1 ELSE 0 END) AS untimed,
        SUM(CASE WHEN event = $view AND watch > length THEN 1 ELSE 0 END) AS overlong{measures}
    FROM seen
    WHERE mine = 1 AND since >= 0
    GROUP BY viewer_id, arm, crossed, day
)

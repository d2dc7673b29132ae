-- How many views were watched how long, of analysed viewers inside their windows.
WITH {first},
{seen}
SELECT
    arm,
    watch,
    COUNT(*) AS views
FROM seen
WHERE event = $view AND mine = 1 AND since >= 0
GROUP BY arm, watch

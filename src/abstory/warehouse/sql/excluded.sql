-- Exposures that never enter the analysis, each under the first reason that holds.
SELECT
    reason,
    variant,
    COUNT(*) AS exposures
FROM (
    SELECT
        CASE
            WHEN forced THEN 'forced'
            WHEN exposed_at < $start OR exposed_at >= $end THEN 'outside'
            WHEN variant NOT IN ({variants}) THEN 'unknown'
            {off_air}
        END AS reason,
        CASE
            WHEN forced OR exposed_at < $start OR exposed_at >= $end THEN ''
            ELSE variant
        END AS variant
    FROM exposures
    WHERE experiment = $experiment
        AND exposed_at <= $as_of
        AND (forced OR exposed_at < $start OR exposed_at >= $end OR variant NOT IN ({variants}){unaired})
) AS excluded
GROUP BY reason, variant

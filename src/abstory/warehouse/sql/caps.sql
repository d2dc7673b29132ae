-- Where values are cut: the two values around a quantile of type 7, over viewers above 0 of all variants together.
WITH {first},
{viewer},
counted AS (
{counted}
),
ranked AS (
    SELECT
        measure,
        value,
        SUM(viewers) OVER (PARTITION BY measure ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto,
        SUM(viewers) OVER (PARTITION BY measure) AS n,
        (SUM(viewers) OVER (PARTITION BY measure) - 1) * share AS place
    FROM counted
)
SELECT
    measure,
    MIN(CASE WHEN upto > place // 1000000 THEN value END) AS low,
    MIN(CASE WHEN upto > LEAST(place // 1000000 + 1, n - 1) THEN value END) AS high,
    MIN(place % 1000000) AS rest
FROM ranked
GROUP BY measure

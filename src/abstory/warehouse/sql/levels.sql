-- The largest levels of each attribute, all variants together, and how many levels there are.
WITH {first},
{told},
counted AS (
    SELECT
        name,
        value,
        COUNT(*) AS viewers
    FROM told
    GROUP BY name, value
),
ranked AS (
    SELECT
        name,
        value,
        ROW_NUMBER() OVER (PARTITION BY name ORDER BY viewers DESC, value) AS place,
        COUNT(*) OVER (PARTITION BY name) AS levels
    FROM counted
)
SELECT
    name,
    value,
    levels
FROM ranked
WHERE place <= {most}
ORDER BY name, place

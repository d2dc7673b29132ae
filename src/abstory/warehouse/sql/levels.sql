-- Viewers by attribute, level and arm: the largest levels, all variants together, and the others as one without a name.
WITH {first},
{told},
cells AS (
    SELECT
        name,
        value,
        arm,
        COUNT(*) AS viewers
    FROM told
    GROUP BY name, value, arm
),
ranked AS (
    SELECT
        name,
        value,
        ROW_NUMBER() OVER (PARTITION BY name ORDER BY SUM(viewers) DESC, value) AS place,
        COUNT(*) OVER (PARTITION BY name) AS levels
    FROM cells
    GROUP BY name, value
),
apart AS (
    SELECT
        cells.name,
        CASE WHEN ranked.place <= {most} THEN cells.value END AS value,
        CASE WHEN ranked.place <= {most} THEN ranked.place ELSE {most} + 1 END AS place,
        ranked.levels,
        cells.arm,
        cells.viewers
    FROM cells
    JOIN ranked ON ranked.name = cells.name AND ranked.value = cells.value
)
SELECT
    name,
    value,
    levels,
    arm,
    SUM(viewers) AS viewers
FROM apart
GROUP BY name, value, place, levels, arm
ORDER BY name, place, arm

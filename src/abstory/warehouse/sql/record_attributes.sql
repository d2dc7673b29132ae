INSERT INTO attributes (viewer_id, name, value, measured_at)
WITH new AS (
    SELECT viewer_id, name, MIN(value) AS value, measured_at
    FROM (
        SELECT unnest(CAST(? AS VARCHAR[])) AS viewer_id,
               unnest(CAST(? AS VARCHAR[])) AS name,
               unnest(CAST(? AS VARCHAR[])) AS value,
               unnest(CAST(? AS BIGINT[]))  AS measured_at
    )
    GROUP BY viewer_id, name, measured_at
)
SELECT viewer_id, name, value, measured_at
FROM new
WHERE NOT EXISTS (
    SELECT 1
    FROM attributes AS old
    WHERE old.viewer_id = new.viewer_id
      AND old.name = new.name
      AND old.measured_at = new.measured_at
)

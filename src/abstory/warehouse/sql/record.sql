INSERT INTO exposures (experiment, viewer_id, variant, exposed_at, story_id, fingerprint, forced)
WITH new AS (
    SELECT DISTINCT *
    FROM (
        SELECT unnest(CAST(? AS VARCHAR[])) AS experiment,
               unnest(CAST(? AS VARCHAR[])) AS viewer_id,
               unnest(CAST(? AS VARCHAR[])) AS variant,
               unnest(CAST(? AS BIGINT[]))  AS exposed_at,
               unnest(CAST(? AS VARCHAR[])) AS story_id,
               unnest(CAST(? AS VARCHAR[])) AS fingerprint,
               unnest(CAST(? AS BOOLEAN[])) AS forced
    )
)
SELECT experiment, viewer_id, variant, exposed_at, story_id, fingerprint, forced
FROM new
WHERE NOT EXISTS (
    SELECT 1
    FROM exposures AS old
    WHERE old.experiment = new.experiment
      AND old.viewer_id = new.viewer_id
      AND old.variant = new.variant
      AND old.exposed_at = new.exposed_at
      AND old.forced = new.forced
      AND old.story_id IS NOT DISTINCT FROM new.story_id
      AND old.fingerprint IS NOT DISTINCT FROM new.fingerprint
)

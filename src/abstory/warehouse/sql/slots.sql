-- A slot is what was posted in it by then; else what was said of it while nothing was posted; else a post to come.
SELECT slot_id, variant, story_id, posted_at
FROM (
    SELECT
        slot_id,
        variant,
        CASE WHEN posted_at <= $as_of THEN story_id END AS story_id,
        CASE WHEN posted_at <= $as_of THEN posted_at END AS posted_at,
        ROW_NUMBER() OVER (
            PARTITION BY slot_id
            ORDER BY CASE WHEN posted_at <= $as_of THEN 0 WHEN posted_at IS NULL THEN 1 ELSE 2 END
        ) AS place
    FROM slots
    WHERE experiment = $experiment
) AS known
WHERE place = 1
ORDER BY slot_id

-- Sums and viewers by arm and segment, for every attribute in one pass over the log.
WITH {first},
{viewer},
{told},
tagged AS (
    SELECT
        viewer_id{tags}
    FROM told
    GROUP BY viewer_id
)
{parts}

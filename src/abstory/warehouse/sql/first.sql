-- The first exposure of every viewer, one row each: earliest time, ties to the arm declared first.
-- Time and arm are packed into one integer, so that a plain MIN finds both whatever the order of rows.
-- Not materialised: the engine then shares the grouping itself between its readers, and copies no ids.
shown AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        exposed_at,
        CASE variant {arms} END AS arm{place}
    FROM exposures
    WHERE experiment = $experiment
        AND NOT forced
        AND exposed_at >= $start
        AND exposed_at < $end
        AND exposed_at <= $as_of
        AND variant IN ({variants}){aired}{sample}
),
packed AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        MIN((CAST(exposed_at AS {integer}) - $start) * {codes} + {code}) AS earliest,
        CASE WHEN MIN(arm) < MAX(arm) THEN 1 ELSE 0 END AS crossed
    FROM shown
    GROUP BY viewer_id
),
first AS NOT MATERIALIZED (
    SELECT
        viewer_id,
        first_at,
        {closes} AS closes_at,
        {day} AS day,
        arm,
        crossed
    FROM (
        SELECT
            viewer_id,
            $start + CAST(earliest // {codes} AS BIGINT) AS first_at,
            CAST({arm} AS INTEGER) AS arm,{story}
            crossed
        FROM packed
    ) AS unpacked
)

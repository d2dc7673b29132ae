-- How far each analysed viewer came and why they left there, and what they did on each frame.
-- The furthest frame is the last that any event names; leaving counts on it alone, and a swipe before an exit.
WITH {first},
framed AS (
    SELECT
        first.viewer_id,
        first.arm,
        {mine} AS mine,
        logged.event,
        logged.frame,
        CASE first.arm {counts} END AS last_frame,
        CASE WHEN logged.watch_ms > 0 THEN logged.watch_ms ELSE 0 END AS watch,
        {length} AS length
    FROM events AS logged
    JOIN first ON first.viewer_id = logged.viewer_id
    WHERE logged.event IN ({events})
        AND logged.occurred_at >= first.first_at
        AND logged.occurred_at < $as_of
        AND logged.occurred_at < first.closes_at
        AND first.closes_at <= $as_of
),
viewer AS (
    SELECT
        viewer_id,
        arm,
        last_frame,
        MAX(CASE WHEN frame <= last_frame THEN frame ELSE 1 END) AS furthest,
        MAX(
            CASE
                WHEN frame <= last_frame AND event = $swipe THEN frame * 4 + 2
                WHEN frame <= last_frame AND event = $exit THEN frame * 4 + 1
                ELSE 0
            END
        ) AS leaving,
        MAX(CASE WHEN event = $complete OR (event = $view AND watch >= length) THEN 1 ELSE 0 END) AS completed
    FROM framed
    WHERE mine = 1 AND last_frame > 0
    GROUP BY viewer_id, arm, last_frame
),
ended AS (
    SELECT
        arm,
        CASE WHEN completed = 1 THEN last_frame ELSE furthest END AS frame,
        CASE
            WHEN completed = 1 THEN $complete
            WHEN leaving // 4 < furthest THEN ''
            WHEN leaving % 4 = 2 THEN $swipe
            ELSE $exit
        END AS event
    FROM viewer
),
done AS (
    SELECT
        viewer_id,
        arm,
        frame,
        event,
        COUNT(*) AS times
    FROM framed
    WHERE mine = 1 AND frame <= last_frame
    GROUP BY viewer_id, arm, frame, event
)
SELECT 'ended' AS part, arm, frame, event, COUNT(*) AS viewers, COUNT(*) AS times
FROM ended
GROUP BY arm, frame, event
UNION ALL
SELECT 'done' AS part, arm, frame, event, COUNT(*) AS viewers, SUM(times) AS times
FROM done
GROUP BY arm, frame, event
UNION ALL
SELECT 'beyond' AS part, arm, 0 AS frame, event, COUNT(*) AS viewers, COUNT(*) AS times
FROM framed
WHERE mine = 1 AND frame > last_frame
GROUP BY arm, event
UNION ALL
SELECT 'unframed' AS part, arm, 0 AS frame, event, COUNT(*) AS viewers, COUNT(*) AS times
FROM framed
WHERE mine = 1 AND frame IS NULL AND event IN ($exit, $swipe, $forward, $back)
GROUP BY arm, event

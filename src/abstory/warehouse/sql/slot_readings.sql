SELECT story_id, captured_at, metric, value, definition
FROM story_totals
WHERE captured_at <= $as_of
    AND story_id IN (SELECT story_id FROM slots WHERE experiment = $experiment AND posted_at <= $as_of)
ORDER BY story_id, captured_at, metric, definition NULLS FIRST

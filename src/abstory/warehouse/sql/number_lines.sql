-- A rejected line has no row, so every row after it stands one line further down than its number among the rows says.
-- The j-th rejected line r has r - j lines before it that are the header or rows.
UPDATE faulty
SET line = numbered.line
FROM (
    SELECT bad.place, bad.line + rejected.count AS line
    FROM (SELECT rowid AS place, line FROM faulty) AS bad
    ASOF JOIN (
        SELECT before, max(nth) AS count
        FROM (
            SELECT line - row_number() OVER (ORDER BY line) AS before, row_number() OVER (ORDER BY line) AS nth
            FROM (SELECT DISTINCT line FROM reject_errors)
        )
        GROUP BY before
    ) AS rejected ON bad.line > rejected.before
) AS numbered
WHERE faulty.rowid = numbered.place

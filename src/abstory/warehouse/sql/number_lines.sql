-- Rows are staged in the order of the file, rejected lines are not staged: the n-th row stands n + 1 lines down (the
-- header is line 1), and one more for each rejected line before it. The j-th rejected line r has r - j lines before
-- it that are the header or rows.
UPDATE judged
SET line = numbered.line
FROM (
    SELECT bad.place, bad.place + 2 + coalesce(rejected.count, 0) AS line
    FROM (SELECT rowid AS place FROM judged WHERE fault IS NOT NULL) AS bad
    ASOF LEFT JOIN (
        SELECT before, max(nth) AS count
        FROM (
            SELECT line - row_number() OVER (ORDER BY line) AS before, row_number() OVER (ORDER BY line) AS nth
            FROM (SELECT DISTINCT line FROM reject_errors)
        )
        GROUP BY before
    ) AS rejected ON bad.place + 1 >= rejected.before
) AS numbered
WHERE judged.rowid = numbered.place

INSERT INTO faulty (line, fault, excerpt)
SELECT line,
       CASE first(error_type ORDER BY error_type)
           WHEN 'INVALID ENCODING' THEN 'not UTF-8'
           WHEN 'MISSING COLUMNS' THEN min(column_idx) || ' fields where the header has ' || $width
           WHEN 'TOO MANY COLUMNS' THEN max(column_idx) || ' fields where the header has ' || $width
           ELSE lower(first(error_type ORDER BY error_type))
       END,
       left(regexp_replace(first(csv_line), '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', '?', 'g'), 80)
FROM reject_errors
GROUP BY line

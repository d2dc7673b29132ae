INSERT INTO faulty
SELECT line, word, fault, left(regexp_replace(raw, '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', '?', 'g'), 80)
FROM (
    SELECT unnest(CAST(? AS BIGINT[]))  AS line,
           unnest(CAST(? AS VARCHAR[])) AS word,
           unnest(CAST(? AS VARCHAR[])) AS fault,
           unnest(CAST(? AS VARCHAR[])) AS raw
)

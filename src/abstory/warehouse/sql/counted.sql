    SELECT {measure} AS measure, {column} AS value, {share} AS share, COUNT(*) AS viewers
    FROM viewer
    WHERE {column} > 0
    GROUP BY {column}

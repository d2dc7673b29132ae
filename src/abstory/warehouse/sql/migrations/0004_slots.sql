-- What was posted in a slot of a calendar, and what was known of it before: story_id and posted_at are both NULL where
-- nothing is posted yet. A slot may have one row of each sort; which one counts is found when it is read.
CREATE TABLE slots (
    experiment VARCHAR NOT NULL,
    slot_id    VARCHAR NOT NULL,
    variant    VARCHAR NOT NULL,
    story_id   VARCHAR,
    posted_at  BIGINT,
    arrived_at BIGINT
);

-- Every reading of a total of a story, in millionths. What `definition` names is how the platform counts.
CREATE TABLE story_totals (
    story_id    VARCHAR NOT NULL,
    captured_at BIGINT  NOT NULL,
    metric      VARCHAR NOT NULL,
    value       BIGINT  NOT NULL,
    definition  VARCHAR,
    arrived_at  BIGINT
);

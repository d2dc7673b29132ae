-- Times are microseconds since 1970-01-01 UTC. Append-only: the first exposure is found when it is read.
CREATE TABLE exposures (
    experiment  VARCHAR NOT NULL,
    viewer_id   VARCHAR NOT NULL,
    variant     VARCHAR NOT NULL,
    exposed_at  BIGINT  NOT NULL,
    story_id    VARCHAR,
    fingerprint VARCHAR,
    forced      BOOLEAN NOT NULL DEFAULT FALSE
);

-- value is kept in millionths, so that sums are exact on every engine and thread count.
CREATE TABLE events (
    viewer_id   VARCHAR NOT NULL,
    story_id    VARCHAR,
    event       VARCHAR NOT NULL,
    occurred_at BIGINT  NOT NULL,
    watch_ms    BIGINT,
    value       BIGINT,
    event_id    VARCHAR
);

CREATE TABLE attributes (
    viewer_id   VARCHAR NOT NULL,
    name        VARCHAR NOT NULL,
    value       VARCHAR NOT NULL,
    measured_at BIGINT  NOT NULL
);

CREATE TABLE ingests (
    ingest      BIGINT  PRIMARY KEY,
    sha256      VARCHAR NOT NULL,
    options     VARCHAR NOT NULL,
    file        VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL,
    ingested_at BIGINT  NOT NULL,
    read        BIGINT  NOT NULL,
    stored      BIGINT  NOT NULL,
    duplicate   BIGINT  NOT NULL,
    quarantined BIGINT  NOT NULL
);

CREATE TABLE quarantine (
    ingest  BIGINT  NOT NULL,
    line    BIGINT  NOT NULL,
    reason  VARCHAR NOT NULL,
    excerpt VARCHAR NOT NULL
);

-- One row a look: who asked, when, of which data, and what was answered.
CREATE TABLE decisions (
    experiment  VARCHAR NOT NULL,
    asked_at    BIGINT  NOT NULL,
    asked_by    VARCHAR NOT NULL,
    as_of       BIGINT  NOT NULL,
    fingerprint VARCHAR NOT NULL,
    data_hash   VARCHAR NOT NULL,
    variant     VARCHAR,
    outcome     VARCHAR NOT NULL,
    document    VARCHAR NOT NULL
);

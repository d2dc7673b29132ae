-- When a row reached the store: the `ingested_at` of its file. NULL where that is not known (a row from before this
-- column) or is the instant of the row itself (an exposure that the app recorded as it happened).
ALTER TABLE exposures ADD COLUMN arrived_at BIGINT;
ALTER TABLE events ADD COLUMN arrived_at BIGINT;
ALTER TABLE attributes ADD COLUMN arrived_at BIGINT;

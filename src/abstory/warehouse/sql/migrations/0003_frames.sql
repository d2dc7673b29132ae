-- Which frame of the story an event happened on, from 1; on a view the last one shown. NULL where that is not known.
ALTER TABLE events ADD COLUMN frame BIGINT;

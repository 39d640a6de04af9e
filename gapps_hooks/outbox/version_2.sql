-- Version 2: what was last seen of local accounts, and since when a hash is kept.

-- Keyed digests only: of the name, of the number, and of each thing that may change.
CREATE TABLE seen (
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    identity TEXT NOT NULL,
    marks    TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

ALTER TABLE secrets ADD COLUMN kept_at REAL NOT NULL DEFAULT 0;
UPDATE secrets SET kept_at = (SELECT event_at FROM entries WHERE entries.subject = secrets.subject);

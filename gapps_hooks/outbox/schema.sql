-- The tables of the state file, version 1.
-- Nothing here needs an SQLite newer than 3.24 (upsert): enterprise distributions are slow.

-- What the installation is: digest-key, instance, domain, machine, and the marks of the wiping.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A person or group. "named" is 0 when somebody else has the name now; "merged_into" when it
-- turned out to be the same as another one. The generation grows with every event, for ever.
CREATE TABLE subjects (
    subject     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    named       INTEGER NOT NULL DEFAULT 1,
    generation  INTEGER NOT NULL DEFAULT 0,
    traces      TEXT NOT NULL DEFAULT '{}',
    merged_into INTEGER REFERENCES subjects
);
CREATE UNIQUE INDEX subject_names ON subjects (kind, name) WHERE named = 1;
CREATE INDEX subject_former_names ON subjects (kind, name) WHERE named = 0;

CREATE TABLE identities (
    subject INTEGER NOT NULL REFERENCES subjects,
    kind    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (subject, kind)
) WITHOUT ROWID;
CREATE INDEX identity_values ON identities (kind, value);

-- Events seen in the last day; their sequence numbers are the only order there is.
CREATE TABLE events (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    subject     INTEGER NOT NULL REFERENCES subjects,
    recorded_at REAL NOT NULL
);
CREATE INDEX event_times ON events (recorded_at);

-- What still has to be delivered, one row a subject. "words" is JSON of the given version.
CREATE TABLE entries (
    subject        INTEGER PRIMARY KEY REFERENCES subjects,
    sequence       INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    words          TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('waiting', 'held', 'buried', 'resting')),
    recorded_at    REAL NOT NULL,
    event_at       REAL NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    contradictions INTEGER NOT NULL DEFAULT 0,
    due_at         REAL NOT NULL,
    reason         TEXT NOT NULL DEFAULT '',
    released       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX entry_order ON entries (status, sequence);

-- Password hashes, only until they are delivered, replaced or dropped.
CREATE TABLE secrets (
    subject  INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    function TEXT NOT NULL,
    value    TEXT NOT NULL
);

CREATE TABLE links (
    subject                  INTEGER PRIMARY KEY REFERENCES subjects,
    google_id                TEXT NOT NULL UNIQUE,
    address                  TEXT NOT NULL UNIQUE,
    name                     TEXT NOT NULL,
    identity                 TEXT,
    delivered                TEXT NOT NULL,
    created                  INTEGER NOT NULL,
    administrator            INTEGER NOT NULL,
    suspended_by_us          INTEGER NOT NULL,
    created_at               REAL NOT NULL,
    confirmed_at             REAL NOT NULL,
    administrator_checked_at REAL NOT NULL,
    ended_at                 REAL
);

-- Creations that were sent and whose answer is not remembered: they may have taken effect.
CREATE TABLE creations (
    subject INTEGER PRIMARY KEY REFERENCES subjects
);

CREATE TABLE memberships (
    group_subject INTEGER NOT NULL REFERENCES subjects,
    reference     TEXT NOT NULL,
    role          TEXT NOT NULL,
    address       TEXT,
    google_id     TEXT,
    PRIMARY KEY (group_subject, reference)
) WITHOUT ROWID;
CREATE INDEX membership_references ON memberships (reference);

-- One theoretical arrival time for each kind of request (GCRA).
CREATE TABLE limiter (
    kind       TEXT PRIMARY KEY,
    arrival_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE breaker (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    reason        TEXT NOT NULL,
    since         REAL NOT NULL,
    seconds       REAL NOT NULL,
    next_probe_at REAL NOT NULL
);

-- What was done in the last 24 hours, to be held against the bounds.
CREATE TABLE reservations (
    subject     INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    verb        TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    reserved_at REAL NOT NULL,
    PRIMARY KEY (subject, generation, verb)
) WITHOUT ROWID;
CREATE INDEX reservation_times ON reservations (verb, reserved_at);

CREATE TABLE history (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    written_at REAL NOT NULL,
    subject    INTEGER,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    what       TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    line       TEXT NOT NULL,
    details    TEXT NOT NULL
);
CREATE INDEX history_subjects ON history (subject, sequence);
CREATE TRIGGER history_is_not_rewritten BEFORE UPDATE ON history
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;
-- Only what the purge has declared too old may go.
CREATE TRIGGER history_is_kept BEFORE DELETE ON history
WHEN OLD.written_at >= (SELECT CAST(value AS REAL) FROM meta WHERE name = 'history-kept-since')
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

INSERT INTO meta (name, value) VALUES
    ('history-kept-since', '-1e300'),
    ('wipes-wanted', '0'),
    ('wipes-done', '0');

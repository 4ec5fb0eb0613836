-- The human hand: questions to people, responses that wait for an answer, standing orders.

-- One question, written whole whenever it changes. exchange, used: the runtime's ids. data: the whole of it as JSON, in the form of a blob.
CREATE TABLE escalation(
  n INTEGER PRIMARY KEY NOT NULL,
  id INTEGER NOT NULL UNIQUE,
  session INTEGER NOT NULL,
  exchange INTEGER NOT NULL,
  state INTEGER NOT NULL,
  policy INTEGER NOT NULL,
  rule INTEGER NOT NULL,
  request_digest TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER,
  used INTEGER,
  base INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX escalation_by_session ON escalation(session);
CREATE INDEX escalation_by_digest ON escalation(request_digest);
CREATE INDEX escalation_by_deadline ON escalation(expires_at);
-- 0 pending, 5 orphaned: an answer still counts.
CREATE INDEX escalation_open ON escalation(expires_at) WHERE state IN (0, 5);

-- A provider's whole response that waits. data: headers and body, in the form of a blob.
CREATE TABLE held(
  n INTEGER PRIMARY KEY NOT NULL,
  request_digest TEXT NOT NULL UNIQUE,
  session INTEGER NOT NULL,
  exchange INTEGER NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  base INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX held_by_session ON held(session);

-- A person's orders for a session, in the runtime's own shape.
CREATE TABLE standing(session INTEGER PRIMARY KEY NOT NULL, orders TEXT NOT NULL);

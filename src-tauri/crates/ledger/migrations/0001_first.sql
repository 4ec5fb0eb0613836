-- The first schema. Sizes are a promise (at most 1 KB a turn beside new content), so: dense integer keys, child rows keyed by
-- (parent << 10 | place) in one INTEGER PRIMARY KEY, repeated strings as words, no index that no query needs.

CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;

-- Short strings that repeat: models, providers, tools, rules, actions.
CREATE TABLE word(n INTEGER PRIMARY KEY NOT NULL, text TEXT NOT NULL UNIQUE);

-- What lists show of a step; the same text again is the same row where the writer still knows it.
CREATE TABLE preview(n INTEGER PRIMARY KEY NOT NULL, text TEXT NOT NULL);

-- Bytes. base: 0 as they are, 1 zstd, else the blob that these are told apart from (which itself has base 0 or 1).
CREATE TABLE blob(n INTEGER PRIMARY KEY NOT NULL, base INTEGER NOT NULL, data BLOB NOT NULL);
-- Content addresses of blobs of 512 bytes and more; a smaller one is not worth its entry.
CREATE TABLE blob_hash(hash BLOB PRIMARY KEY NOT NULL, blob INTEGER NOT NULL) WITHOUT ROWID;

-- The context tree. message NULL: the ledger never got the body.
CREATE TABLE context(node INTEGER PRIMARY KEY NOT NULL, parent INTEGER, message INTEGER);
CREATE INDEX context_hole ON context(node) WHERE message IS NULL;
CREATE TABLE context_hash(hash BLOB PRIMARY KEY NOT NULL, node INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE session(
  n INTEGER PRIMARY KEY NOT NULL,
  id INTEGER NOT NULL UNIQUE,
  agent TEXT NOT NULL,
  title TEXT NOT NULL,
  state INTEGER NOT NULL,
  label TEXT,
  client_id TEXT,
  parent INTEGER,
  basis INTEGER NOT NULL,
  process TEXT,
  models TEXT NOT NULL,
  steps INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  estimated INTEGER NOT NULL,
  context_used REAL,
  tool_errors INTEGER NOT NULL,
  interventions INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  -- Rows of its timeline.
  rows INTEGER NOT NULL
);
CREATE INDEX session_by_last ON session(last_at);

-- Tools called and models used in a session: kind 0 tool, 1 model.
CREATE TABLE session_word(
  session INTEGER NOT NULL, kind INTEGER NOT NULL, word INTEGER NOT NULL,
  PRIMARY KEY(session, kind, word)
) WITHOUT ROWID;

-- flags: 1 stream, 2 side call, 4 incomplete (a body is missing), 8 usage estimated, 16 imported, 32 served from the record of an earlier run.
CREATE TABLE exchange(
  n INTEGER PRIMARY KEY NOT NULL,
  id INTEGER NOT NULL,
  session INTEGER NOT NULL,
  run INTEGER NOT NULL,
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  dialect INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  provider INTEGER NOT NULL,
  model INTEGER NOT NULL,
  served_model INTEGER,
  finish INTEGER,
  origin INTEGER,
  error TEXT,
  -- What the agent sent: context node, blobs, and the pack of method, path, headers and marks.
  agent_context INTEGER,
  appended INTEGER NOT NULL,
  envelope INTEGER,
  system INTEGER,
  tools INTEGER,
  head INTEGER,
  -- What went upstream, where it differs.
  sent_context INTEGER,
  sent_envelope INTEGER,
  sent_system INTEGER,
  sent_tools INTEGER,
  sent_head INTEGER,
  -- The pack of attempts, both responses, frames and the answer's text.
  answer INTEGER,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_usd REAL,
  -- Microseconds.
  first_token_us INTEGER,
  duration_us INTEGER,
  added_us INTEGER,
  commit_us INTEGER,
  request_preview INTEGER,
  answer_preview INTEGER,
  anchor BLOB
);
CREATE UNIQUE INDEX exchange_by_id ON exchange(id);
CREATE INDEX exchange_open ON exchange(state) WHERE state = 0;

-- key: session << 24 | index. kind: 0 model, 1 tool, 2 mcp, 3 person. call: key of tool_call.
CREATE TABLE timeline(key INTEGER PRIMARY KEY NOT NULL, kind INTEGER NOT NULL, exchange INTEGER NOT NULL, call INTEGER);

-- key: exchange << 10 | place. Times in microseconds after the exchange's start.
CREATE TABLE tool_call(
  key INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL,
  name INTEGER NOT NULL,
  place INTEGER NOT NULL,
  arguments INTEGER NOT NULL,
  after INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  returned_by INTEGER,
  returned_after INTEGER,
  -- 0 none, else the evidence + 1.
  error INTEGER,
  preview INTEGER
);

-- key: exchange << 10 | place. base: 0 whole, else the observation (key) that data is the difference to. content: the blob that
-- holds texts of it (a message, arguments, an answer).
CREATE TABLE observation(
  key INTEGER PRIMARY KEY NOT NULL, point INTEGER NOT NULL, after INTEGER NOT NULL, base INTEGER NOT NULL, content INTEGER, data BLOB NOT NULL
);

-- key: exchange << 10 | place. data: blob with a JSON array of evaluations of one moment.
CREATE TABLE evaluation(key INTEGER PRIMARY KEY NOT NULL, after INTEGER NOT NULL, data INTEGER NOT NULL);

CREATE TABLE intervention(
  n INTEGER PRIMARY KEY NOT NULL,
  id INTEGER NOT NULL UNIQUE,
  session INTEGER NOT NULL,
  exchange INTEGER NOT NULL,
  at INTEGER NOT NULL,
  cause INTEGER NOT NULL,
  rule INTEGER,
  policy INTEGER,
  version INTEGER,
  action INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  summary TEXT NOT NULL,
  before INTEGER NOT NULL,
  after INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  usd REAL NOT NULL,
  ms REAL NOT NULL,
  basis INTEGER NOT NULL
);
CREATE INDEX intervention_by_session ON intervention(session);
CREATE INDEX intervention_by_exchange ON intervention(exchange);

-- A rewrite edge: what the agent calls this, we send as that. body: blob with messages and results as JSON.
CREATE TABLE rewrite(
  n INTEGER PRIMARY KEY NOT NULL,
  session INTEGER NOT NULL,
  intervention INTEGER NOT NULL,
  -- Prefix hashes: before what is replaced, and up to `at`.
  start BLOB NOT NULL,
  anchor BLOB NOT NULL,
  at INTEGER NOT NULL,
  replaces INTEGER NOT NULL,
  body INTEGER NOT NULL
);
CREATE INDEX rewrite_by_session ON rewrite(session);

CREATE TABLE event(
  seq INTEGER PRIMARY KEY NOT NULL,
  session INTEGER,
  exchange INTEGER,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT
);
CREATE INDEX event_by_session ON event(session) WHERE session IS NOT NULL;

CREATE TABLE policy_version(version TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

-- Sums per hour (since 1970), so that figures over months cost as much as over days.
CREATE TABLE spend(
  hour INTEGER NOT NULL, model INTEGER NOT NULL,
  exchanges INTEGER NOT NULL, failed INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY(hour, model)
) WITHOUT ROWID;
CREATE TABLE tool_sum(
  hour INTEGER NOT NULL, tool INTEGER NOT NULL,
  calls INTEGER NOT NULL, errors INTEGER NOT NULL, total_us INTEGER NOT NULL, longest_us INTEGER NOT NULL,
  PRIMARY KEY(hour, tool)
) WITHOUT ROWID;
CREATE TABLE error_sum(
  hour INTEGER NOT NULL, class INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(hour, class)
) WITHOUT ROWID;

-- Full text of appended messages (rowid = exchange * 2) and answers (exchange * 2 + 1); the words only, never the text.
CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, detail='none', tokenize="unicode61 remove_diacritics 2");

import GRDB

/// The tables of the index. All that is in them can be had from the segments, so a change of the schema is a new number:
/// an index with another number is thrown away and made anew.
enum IndexSchema {
    static let version = 1

    static func create(in database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE segment (
                    name TEXT PRIMARY KEY,   -- the name it has when it is closed
                    file TEXT NOT NULL,      -- the name it has now
                    length INTEGER NOT NULL, -- of the file when it was read
                    read INTEGER NOT NULL,   -- how far the index has read it
                    lost INTEGER NOT NULL    -- bytes of it that could not be read
                );
                CREATE TABLE run (
                    number INTEGER PRIMARY KEY, id TEXT NOT NULL, segment TEXT NOT NULL,
                    first INTEGER NOT NULL, last INTEGER NOT NULL,
                    started REAL NOT NULL, format TEXT, path TEXT NOT NULL, model TEXT NOT NULL, client TEXT, source TEXT,
                    redacted BOOLEAN NOT NULL,
                    state TEXT NOT NULL, reason TEXT, status INTEGER, events INTEGER,
                    came INTEGER NOT NULL, went INTEGER NOT NULL, firstByte INTEGER, duration INTEGER NOT NULL,
                    detector TEXT, mode TEXT, channel TEXT, byte INTEGER, event INTEGER, evidence BLOB,
                    dropped BOOLEAN NOT NULL,
                    UNIQUE (segment, id)
                );
                CREATE INDEX run_by_time ON run (started);
                CREATE INDEX run_by_id ON run (id);
                CREATE VIRTUAL TABLE words USING fts5 (asked, answered);
                PRAGMA user_version = \(version);
                """
        )
    }
}

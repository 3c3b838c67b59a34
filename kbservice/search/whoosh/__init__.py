"""The Whoosh engine: schema, durable storage, generations, snapshots, scoring."""

#!/usr/bin/env bash
# Healthy means: writes are accepted. The first call on a new volume starts the replica set.
set -eu
command -v mongosh >/dev/null || exec docker-entrypoint.sh healthy  # the stand-in needs no starting
mongosh --quiet --norc --username "$MONGO_INITDB_ROOT_USERNAME" --password "$MONGO_INITDB_ROOT_PASSWORD" \
  --eval '
    try { rs.status() } catch (error) {
      if (error.codeName !== "NotYetInitialized") throw error
      rs.initiate({_id: "district", members: [{_id: 0, host: "mongo:27017"}]})
    }
    quit(db.hello().isWritablePrimary ? 0 : 1)' >/dev/null

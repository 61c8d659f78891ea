#!/usr/bin/env bash
# Starts the database as a replica set of one, with its members' key taken from the environment.
set -eu
key=/tmp/district.key
(umask 377 && printf '%s' "$MONGO_KEY" > "$key.new" && mv -f "$key.new" "$key")
[ "$(id -u)" != 0 ] || chown mongodb "$key"
unset MONGO_KEY
exec docker-entrypoint.sh mongod --replSet district --keyFile "$key" --bind_ip_all

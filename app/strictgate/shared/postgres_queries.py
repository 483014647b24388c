"""What is asked of PostgreSQL. `<responses>` and `<usage>` stand for the tables."""

OPEN = "SELECT pg_advisory_lock(7308332)"
"""Replicas that begin at once make the tables one after the other."""

TABLES = """
CREATE TABLE IF NOT EXISTS <responses> (
    owner text NOT NULL, id text NOT NULL, previous text, expires timestamptz NOT NULL,
    response text NOT NULL, input text NOT NULL, PRIMARY KEY (owner, id)
);
CREATE TABLE IF NOT EXISTS <usage> (
    name text PRIMARY KEY, day integer NOT NULL DEFAULT 0, tokens bigint NOT NULL DEFAULT 0,
    money double precision NOT NULL DEFAULT 0, full_at double precision NOT NULL DEFAULT 0
);
SELECT pg_advisory_unlock(7308332);
"""

KEEP = """
INSERT INTO <responses> (owner, id, previous, expires, response, input)
VALUES (%(owner)s, %(id)s, %(previous)s, now() + make_interval(secs => %(ttl)s), %(response)s,
    %(input)s)
ON CONFLICT (owner, id) DO UPDATE SET previous = excluded.previous, expires = excluded.expires,
    response = excluded.response, input = excluded.input
"""

PRUNE = "DELETE FROM <responses> WHERE expires <= now()"

TURNS = """
WITH RECURSIVE turns AS (
    SELECT r.*, 1 AS number FROM <responses> r
    WHERE owner = %(owner)s AND id = %(id)s AND expires > now()
    UNION ALL
    SELECT r.*, number + 1
    FROM <responses> r JOIN turns t ON r.owner = t.owner AND r.id = t.previous
    WHERE r.expires > now() AND number < %(most)s
)
SELECT response, input, previous FROM turns ORDER BY number
"""

DROP = "DELETE FROM <responses> WHERE owner = %(owner)s AND id = %(id)s RETURNING id"

BEGIN_ACCOUNT = "INSERT INTO <usage> (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING"

SETTLE = """
WITH at AS (
    SELECT *, extract(epoch FROM clock_timestamp())::float8 AS now
    FROM <usage> WHERE name = %(name)s FOR UPDATE
), sums AS (
    SELECT now, floor(now / 86400)::integer AS today, greatest(full_at, now) AS full_at,
        CASE WHEN day = floor(now / 86400) THEN tokens ELSE 0 END + %(tokens)s::bigint AS tokens,
        CASE WHEN day = floor(now / 86400) THEN money ELSE 0 END + %(money)s::float8 AS money,
        60.0::float8 / nullif(%(most)s::integer, 0) AS share, %(wanted)s::integer AS wanted
    FROM at
), grants AS (
    SELECT *, coalesce(
        greatest(0, least(wanted, floor((now + 60.000001 - full_at) / share))), 0
    )::integer AS granted
    FROM sums
)
UPDATE <usage> AS u SET day = today, tokens = g.tokens, money = g.money,
    full_at = coalesce(greatest(now, g.full_at + least(wanted, granted) * share), u.full_at)
FROM grants AS g WHERE u.name = %(name)s
RETURNING today, u.tokens, u.money, granted,
    coalesce(greatest(0, u.full_at + share - now - 60), 0)::float8
"""
"""Add up what a key has used, and lease requests from its bucket; core/resilience/lease.py.

Returns the day, its tokens and money, how many requests are granted, and the seconds until there is
one more.
"""

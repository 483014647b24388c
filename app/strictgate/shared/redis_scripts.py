"""What is done in Redis or Valkey in one step, in Lua. The clock is the server's own.

Everything stands below one prefix and the version of its layout: `strictgate:1:…`.
"""

LAYOUT = 1
"""Replicas with another layout do not see what stands here."""

NOW = "local time = redis.call('TIME')\nlocal now = time[1] + time[2] / 1000000\n"

TELL = (
    NOW
    + """
local facts, breakers, channel = KEYS[1], KEYS[2], KEYS[3]
local most, told = tonumber(ARGV[1]), 0
for i = 2, #ARGV, 4 do
  local kind, name, seconds, message = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local is_news = true
  if kind == 'fact' then
    local known = redis.call('ZSCORE', facts, name)
    is_news = not known or tonumber(known) - now < seconds / 2
    if is_news then redis.call('ZADD', facts, now + seconds, name) end
  elseif kind == 'breaker' then
    local before = redis.call('HGET', breakers, name)
    local state = message:find('"is_open":true', 1, true) and 'open' or 'closed'
    if before then
      local was, at = before:match('^(%a+) (.+)$')
      is_news = was ~= state or now - tonumber(at) >= seconds
    end
    if is_news then redis.call('HSET', breakers, name, state .. ' ' .. now) end
  elseif kind == 'forgotten' then
    for _, member in ipairs(redis.call('ZRANGE', facts, 0, -1)) do
      if member:sub(1, #name) == name then redis.call('ZREM', facts, member) end
    end
  end
  if is_news then
    redis.call('PUBLISH', channel, message)
    told = told + 1
  end
end
redis.call('ZREMRANGEBYSCORE', facts, '-inf', now)
redis.call('ZREMRANGEBYRANK', facts, 0, -most - 1)
return told
"""
)
"""Tell the others, where it is news: a thousand replicas that find out the same tell it once.

Keys: the facts, by when they end; the breakers' states; the channel. Arguments: how many facts are
kept, then for each message its kind, its name, its seconds, and its bytes. The name of a fact is
how it is kept; that of what is forgotten is how such names begin. Returns how many were told.
"""

FACTS = (
    NOW
    + """
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')
for i = 2, #found, 2 do found[i] = tostring(found[i] - now) end
return found
"""
)
"""Return the facts that hold, each followed by the seconds for which it still does."""

KEEP = """
redis.call('HSET', KEYS[1], 'response', ARGV[2], 'input', ARGV[3], 'previous', ARGV[4])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
"""Keep a response. Arguments: milliseconds, its text, that of its input, the id before it."""

TURNS = """
local found, id = {}, ARGV[1]
while id ~= '' and #found < tonumber(ARGV[2]) do
  local row = redis.call('HMGET', KEYS[1] .. id, 'response', 'input', 'previous')
  if not row[1] then break end
  found[#found + 1] = row
  id = row[3]
end
return found
"""
"""Return a response and those before it, newest first. The key is how the keys of one client's
responses begin. Arguments: the id, how many at most."""

DROP = "return redis.call('DEL', KEYS[1])"

SETTLE = (
    NOW
    + """
local today, answers = math.floor(now / 86400), {}
for i, key in ipairs(KEYS) do
  local at = 4 * (i - 1)
  local tokens, money = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local wanted, most = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local row = redis.call('HMGET', key, 'day', 'tokens', 'money', 'full_at')
  if row[1] and tonumber(row[1]) == today then
    tokens, money = tokens + tonumber(row[2]), money + tonumber(row[3])
  end
  local full_at, granted, wait = math.max(tonumber(row[4] or 0), now), 0, 0
  if most > 0 then
    local share = 60 / most
    granted = math.max(0, math.min(wanted, math.floor((now + 60.000001 - full_at) / share)))
    full_at = math.max(now, full_at + math.min(wanted, granted) * share)
    wait = math.max(0, full_at + share - now - 60)
  end
  redis.call('HSET', key, 'day', today, 'tokens', tokens, 'money', string.format('%.17g', money),
    'full_at', string.format('%.17g', full_at))
  redis.call('EXPIRE', key, 172800)
  answers[i] = {today, tokens, string.format('%.17g', money), granted, string.format('%.17g', wait)}
end
return answers
"""
)
"""Add up what keys have used, and lease requests from their buckets; core/resilience/lease.py.

Keys: one for each client key. Arguments, for each: tokens, money, requests wanted (below 0: given
back), requests a minute. Returns for each the day, its tokens and money, how many requests are
granted, and the seconds until there is one more.
"""

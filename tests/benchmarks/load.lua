-- For wrk: POSTs the bodies of a file, line by line, over and over. `@KEY@` in a body becomes a key that is new each time.
-- Arguments: the bodies' file, the prefix of the keys, and "check" where answers are to be looked into.

local requests, prefixes, suffixes = {}, {}, {}
local position, sent, key_prefix = 0, 0, ""
local headers = { ["Content-Type"] = "application/json" }
local threads = {}

faulty = 0

function setup(thread)
  table.insert(threads, thread)
end

local function check(status, _, body)
  if status ~= 200 or body:find('"errors":', 1, true) then
    faulty = faulty + 1
  end
end

function init(args)
  key_prefix = args[2]
  for line in io.lines(args[1]) do
    local from, to = line:find("@KEY@", 1, true)
    if from then
      table.insert(prefixes, line:sub(1, from - 1))
      table.insert(suffixes, line:sub(to + 1))
    else
      table.insert(requests, wrk.format("POST", nil, headers, line))
    end
  end
  if args[3] == "check" then
    response = check
  end
end

function request()
  sent = sent + 1
  if #requests > 0 then
    position = position % #requests + 1
    return requests[position]
  end
  position = position % #prefixes + 1
  local body = prefixes[position] .. key_prefix .. sent .. suffixes[position]
  return wrk.format("POST", nil, headers, body)
end

function done(summary, latency, _)
  local errors, faults = summary.errors, 0
  for _, thread in ipairs(threads) do
    faults = faults + thread:get("faulty")
  end
  io.write(string.format(
    '\n{"requests": %d, "duration_us": %d, "p50_us": %.0f, "p99_us": %.0f, "max_us": %.0f, "faulty": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, faults,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

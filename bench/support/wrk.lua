-- Sends the requests of a file in their order, checks each answer, and writes a summary. See generator.ts.
local requests = {}
local place = 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = io.open(args[1], 'rb')
  result, expected = args[2], args[3]
  while true do
    local length = file:read('*n')
    if length == nil then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
  failed = 0
end

function request()
  place = place + 1
  if place > #requests then place = 1 end
  return requests[place]
end

function response(status, headers, body)
  if status ~= 200 or not string.find(body, expected, 1, true) then
    failed = failed + 1
    if failed <= 3 then io.stderr:write(status, ' ', string.sub(body, 1, 200), '\n') end
  end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do failed = failed + thread:get('failed') end
  local file = io.open(threads[1]:get('result'), 'w')
  file:write(string.format(
    '{"requests":%d,"failures":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f}',
    summary.requests, failed, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
  file:close()
end

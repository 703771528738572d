-- Sends the requests of a file, separated by NUL, one after the other and from the start again.
-- usage: wrk … -s walk.lua URL -- FILE; the last line of the output is what the harness reads.

local requests, position = {}, 0

function init(arguments)
  for text in io.open(arguments[1], "rb"):read("*a"):gmatch("%Z+") do
    requests[#requests + 1] = text
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "failures": %d, "p50_ms": %.3f, "p99_ms": %.3f}',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

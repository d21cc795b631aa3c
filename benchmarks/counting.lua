-- wrk: what every script here counts, answers by what they were, and how `wrk` tells it to who started it.
local threads = {}
given, busy, other = 0, 0, 0

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function done(summary, latency, requests)
    local counts = {given = 0, busy = 0, other = 0}
    for _, thread in ipairs(threads) do
        for name, count in pairs(counts) do counts[name] = count + thread:get(name) end
    end
    local errors = summary.errors
    print(string.format(
        '{"given":%d,"busy":%d,"other":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f}',
        counts.given, counts.busy, counts.other + errors.connect + errors.read + errors.write + errors.timeout,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

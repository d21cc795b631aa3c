-- wrk: sign in through the PACER Authentication API, each time as the next of so many holders, and count outcomes.
local threads = {}
local next_holder = 0

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    password, holders = arguments[1], tonumber(arguments[2])
    let_in, busy, other = 0, 0, 0
    next_holder = number * 17
end

function request()
    next_holder = (next_holder + 1) % holders
    local body = string.format(
        '{"loginId":"holder.%05d","password":"%s","redactFlag":"1"}', next_holder, password)
    return wrk.format("POST", "/services/cso-auth", {["content-type"] = "application/json"}, body)
end

function response(status, headers, body)
    if status == 200 and string.find(body, '"loginResult":"0"', 1, true) then
        let_in = let_in + 1
    elseif status == 503 then
        busy = busy + 1
    else
        other = other + 1
    end
end

function done(summary, latency, requests)
    local counts = {let_in = 0, busy = 0, other = 0}
    for _, thread in ipairs(threads) do
        for name, count in pairs(counts) do counts[name] = count + thread:get(name) end
    end
    print(string.format(
        '{"let_in":%d,"busy":%d,"other":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f}', counts.let_in, counts.busy,
        counts.other, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end

-- wrk: open "my courts", each time with the next of so many sessions, as fast as it goes or at a rate.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "counting.lua")
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, nanoseconds; } instant; int clock_gettime(int, instant *);")
local MONOTONIC = 1
local sessions, next_session, link_count = {}, 0, 0

local function now_ms()
    local now = ffi.new("instant")
    ffi.C.clock_gettime(MONOTONIC, now)
    return tonumber(now.seconds) * 1e3 + tonumber(now.nanoseconds) / 1e6
end

-- Whichever connection is free takes the next instant, so a slow answer doesn't slow down who asks.
local function ask_each(pause_ms)
    local next_at = now_ms()
    function delay()
        next_at = next_at + pause_ms
        return math.max(0, next_at - now_ms())
    end
end

function init(arguments)
    for session in io.lines(arguments[1]) do table.insert(sessions, session) end
    link_count = tonumber(arguments[2])
    local rate = tonumber(arguments[3])
    if rate > 0 then ask_each(1000 / rate) end
end

function request()
    next_session = next_session % #sessions + 1
    local headers = {accept = "text/html", cookie = "__Host-session=" .. sessions[next_session]}
    return wrk.format("GET", "/courts", headers)
end

function response(status, headers, body)
    local _, links = string.gsub(body, "/courts/unlink/", "")
    local is_page = string.find(body, "<h1>My courts</h1>", 1, true) and links == link_count
    if status == 200 and is_page then given = given + 1 else other = other + 1 end
end

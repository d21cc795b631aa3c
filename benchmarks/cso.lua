-- wrk: sign in through the PACER Authentication API, each time as the next of so many holders.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "counting.lua")
local next_holder = 0

function init(arguments)
    password, holders = arguments[1], tonumber(arguments[2])
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
        given = given + 1
    elseif status == 503 then
        busy = busy + 1
    else
        other = other + 1
    end
end

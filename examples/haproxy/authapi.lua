-- Asks authapi whether a request may pass. HAProxy has no such directive of its own; its HTTP client for Lua has, since 2.5.

local identity = {"x-auth-realm", "x-auth-user-id", "x-auth-org-id", "x-auth-key-id", "x-auth-key-kind", "x-offline-token-state"}
local sent = {"authorization", "x-session-api-key", "x-access-token", "x-org-id", "x-request-id"}
local told = {"content-type", "www-authenticate", "retry-after", "cache-control", "x-auth-reason", "tokenstate-version", "tokenstate-age-ms"}
local undecided = '{"type":"urn:tokenstate:problem:undecidable","title":"Service Unavailable","status":503,'
    .. '"reason":"undecidable","error":"undecidable"}'

local function refuse(txn, status, headers, body)
    local reply = txn:reply({status = status})
    for name, value in pairs(headers) do reply:add_header(name, value) end
    reply:set_body(body)
    txn:done(reply)
end

-- The credential that was used: the first that is there. The others are the application's own.
local function used(headers)
    local first = headers["authorization"]
    if first and first[0]:lower():match("^bearer%s") then return "authorization" end
    return headers["x-session-api-key"] and "x-session-api-key" or "x-access-token"
end

core.register_action("authapi", {"http-req"}, function(txn, url)
    local headers = txn.http:req_get_headers()
    local ask = {["x-forwarded-for"] = {txn.sf:src()}}
    for _, name in ipairs(sent) do
        if headers[name] then
            ask[name] = {}
            for i = 0, #headers[name] do ask[name][i + 1] = headers[name][i] end -- two of a kind are told as two
        end
    end
    -- HAProxy tries four times, so that a caller waits 8 s at most.
    local ok, answer = pcall(function() return core.httpclient():get({url = url, headers = ask, timeout = 2000}) end)
    local status = ok and answer and answer.status or 0
    local said = status > 0 and answer.headers or {}
    if status == 200 then
        for _, name in ipairs(identity) do
            local value = said[name] and said[name][0] or ""
            if value ~= "" then txn.http:req_set_header(name, value) end
        end
        if said["x-auth-key-id"] and said["x-auth-key-id"][0] ~= "" then txn.http:req_del_header(used(headers)) end
        return
    end
    if not said["x-auth-reason"] then -- no answer, or none of authapi's: the caller must come back and not drop the key
        return refuse(txn, 503, {["content-type"] = "application/problem+json", ["cache-control"] = "no-store",
            ["retry-after"] = "2", ["x-auth-reason"] = "undecidable"}, undecided)
    end
    local passed = {}
    for _, name in ipairs(told) do passed[name] = said[name] and said[name][0] end
    refuse(txn, status, passed, answer.body)
end, 1)

-- Alerts as a Prometheus posts them, about 630 bytes each, in 50 groups; what wrk sends and what it then tells.
local size = tonumber(os.getenv("SIZE"))
local distinct = tonumber(os.getenv("DISTINCT") or "0") -- so many alerts again and again; 0: always new ones
local token = os.getenv("TOKEN") or ""
local alert = '{"labels":{"alertname":"Rule%d","job":"storefront","instance":"shop-%d","severity":"high",' ..
  '"team":"team%d","region":"eu-central-1","pod":"storefront-7d9f8b6c5-%06d"},"annotations":{"summary":' ..
  '"Payments are refused","description":"' .. string.rep("One in four payments is refused. ", 4) .. '",' ..
  '"runbook_url":"https://wiki.example.org/runbooks/payments-are-refused"},"startsAt":"' ..
  os.date("!%Y-%m-%dT%H:%M:%SZ") .. '","endsAt":"0001-01-01T00:00:00Z",' ..
  '"generatorURL":"http://prometheus.example.org/graph?g0.expr=rate"}'
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
local number = tonumber(os.getenv("FIRST") or "0")

function request()
  local parts = {}
  for place = 1, size do
    local n = number
    if distinct > 0 then n = number % distinct end
    parts[place] = string.format(alert, n % 50, n, n % 10, n)
    number = number + 1
  end
  return wrk.format("POST", "/api/v2/alerts", headers, "[" .. table.concat(parts, ",") .. "]")
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("TOLD %d %d %f %f %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end

-- A ContainerJob follows kstatus: observedGeneration, Ready, Reconciling, Stalled. Beyond it: Finished, Suspended, HostReachable.
local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end

local function is(name, status)
  return conditions[name] ~= nil and conditions[name].status == status
end

local function verdict(status, name)
  local condition = conditions[name]
  if condition == nil then
    return { status = status, message = "The operator has not looked at it yet" }
  end
  if condition.message == nil or condition.message == "" then
    return { status = status, message = condition.reason }
  end
  return { status = status, message = condition.reason .. ": " .. condition.message }
end

-- A finished job is a record: its spec cannot change any more. A cancelled one has not done what a sync waits for.
if is("Finished", "True") then
  if is("Ready", "True") then
    return verdict("Healthy", "Ready")
  end
  return verdict("Degraded", "Ready")
end

-- Whatever else changes in the spec of a suspended job, it stays suspended until suspend does.
if obj.spec ~= nil and obj.spec.suspend == true and is("Suspended", "True") then
  return verdict("Suspended", "Suspended")
end

if is("Stalled", "True") and obj.status.observedGeneration == obj.metadata.generation then
  return verdict("Degraded", "Stalled")
end
-- Unknown is not failed: what a container does on a host that does not answer is not known.
if is("HostReachable", "False") then
  return verdict("Progressing", "HostReachable")
end
return verdict("Progressing", "Ready")

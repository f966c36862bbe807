-- A finished job can only be run again; one that is being cancelled can only end.
local finished = false
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Finished" and condition.status == "True" then
      finished = true
    end
  end
end

local actions = {}
if finished then
  actions["retry"] = { ["iconClass"] = "fa fa-fw fa-redo", ["displayName"] = "Retry" }
  return actions
end
if obj.spec.cancel == true then
  return actions
end
if obj.spec.suspend == true then
  actions["resume"] = { ["iconClass"] = "fa fa-fw fa-play", ["displayName"] = "Resume" }
else
  actions["suspend"] = { ["iconClass"] = "fa fa-fw fa-pause", ["displayName"] = "Suspend" }
end
actions["cancel"] = { ["iconClass"] = "fa fa-fw fa-stop", ["displayName"] = "Cancel" }
return actions

-- A CloudRunHost follows kstatus: observedGeneration and Ready. Beyond it: a host that is kept free on purpose is suspended.
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not asked this host yet" }
end
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Ready" then
    local message = condition.reason .. ": " .. (condition.message or "")
    if condition.status == "True" then
      return { status = "Healthy", message = message }
    end
    if condition.reason == "Unschedulable" then
      return { status = "Suspended", message = message }
    end
    return { status = "Degraded", message = message }
  end
end
return { status = "Progressing", message = "The operator has not asked this host yet" }

-- Creates the next run of a finished job, as `kubectl containerjob retry` does: the same name, labels and annotations, so that
-- whoever asks at the same time asks for the same object. It is not part of the application: Git does not have it.
-- Actions run without Lua's string library; names are taken apart by comparing.
local GROUP = "containerjobs.io/"
local LONGEST_NAME = 253
local MARKS = {
  "argocd.argoproj.io/", "helm.toolkit.fluxcd.io/", "kustomize.toolkit.fluxcd.io/", "meta.helm.sh/", "velero.io/",
}
local SHARED_MARKS = {
  ["app.kubernetes.io/instance"] = true, ["app.kubernetes.io/managed-by"] = true, ["containerjobs.io/restored"] = true,
}
local ALPHABET = {
  "-", ".", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
  "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
}
local IS_DIGIT = {
  ["0"] = true, ["1"] = true, ["2"] = true, ["3"] = true, ["4"] = true,
  ["5"] = true, ["6"] = true, ["7"] = true, ["8"] = true, ["9"] = true,
}

-- "~" comes behind every character of names and keys.
local function begins(text, start)
  return start <= text and text < start .. "~"
end

local function characters_of(name)
  local found, known = {}, ""
  while #known < #name do
    local next_known = nil
    for _, character in ipairs(ALPHABET) do
      if begins(name, known .. character) then
        next_known = character
      end
    end
    found[#found + 1] = next_known
    known = known .. next_known
  end
  return found
end

-- An empty table is dropped: nobody could tell whether it is a list or a map, and every field that has one is optional.
local function copy_of(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = copy_of(item)
  end
  if next(copy) == nil then
    return nil
  end
  return copy
end

local function is_owners_mark(key)
  for _, mark in ipairs(MARKS) do
    if begins(key, mark) then
      return true
    end
  end
  return SHARED_MARKS[key] == true
end

local function number_of(annotations)
  local number = tonumber(annotations[GROUP .. "retry-number"] or "0")
  if number == nil or number < 0 or number > 999999999 or number % 1 ~= 0 then
    return 0
  end
  return number
end

local function name_of(name, old_number)
  local characters = characters_of(name)
  local last = #characters
  if old_number > 0 then
    while IS_DIGIT[characters[last]] do
      last = last - 1
    end
    if last < #characters and last > 7 and table.concat(characters, "", last - 6, last) == "-retry-" then
      last = last - 7
    else
      last = #characters
    end
  end
  local suffix = "-retry-" .. tostring(old_number + 1)
  if last > LONGEST_NAME - #suffix then
    last = LONGEST_NAME - #suffix
    while characters[last] == "-" or characters[last] == "." do
      last = last - 1
    end
  end
  return table.concat(characters, "", 1, last) .. suffix
end

local finished = false
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Finished" and condition.status == "True" then
      finished = true
    end
  end
end
if not finished then
  error("the job has not finished: wait for it, or cancel it first", 0)
end

local old_labels = obj.metadata.labels or {}
local old_number = number_of(obj.metadata.annotations or {})
local labels = {}
for key, value in pairs(old_labels) do
  if not is_owners_mark(key) then
    labels[key] = value
  end
end
labels[GROUP .. "first-uid"] = old_labels[GROUP .. "first-uid"] or obj.metadata.uid

local annotations = {}
annotations[GROUP .. "retry-of"] = obj.metadata.name
annotations[GROUP .. "retry-of-uid"] = obj.metadata.uid
annotations[GROUP .. "retry-number"] = tostring(old_number + 1)

local spec = copy_of(obj.spec)
spec.cancel = nil
spec.suspend = nil

local run = {}
run.apiVersion = obj.apiVersion
run.kind = obj.kind
run.metadata = {
  name = name_of(obj.metadata.name, old_number),
  namespace = obj.metadata.namespace,
  labels = labels,
  annotations = annotations,
}
run.spec = spec
return { { operation = "create", resource = run } }

-- Lua's own way to build a long string is a table that is joined once: adding to the string copies it each time.
local function build(n)
  local parts = {}
  for i = 0, n - 1 do parts[#parts + 1] = i .. "," end
  return table.concat(parts)
end

local function total(text)
  local sum, count = 0, 0
  for word in text:gmatch("[^,]+") do
    sum = sum + tonumber(word)
    count = count + 1
  end
  return { count, sum }
end

local text = build(300000)
local r = total(text)
print(#text, r[1], r[2])

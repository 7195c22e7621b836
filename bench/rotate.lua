-- Asks for each path of a file in turn: wrk -s rotate.lua URL -- FILE
local requests, at = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("GET", line)
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

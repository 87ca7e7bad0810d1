local sqrt = math.sqrt

-- Sun, Jupiter, Saturn, Uranus and Neptune; one list for each coordinate. Units are those of the solar mass, years and astronomical units.
local function energy(x, y, z, u, v, w, m)
  local e = 0
  for i = 0, 4 do
    e = e + 0.5 * m[i] * (u[i] * u[i] + v[i] * v[i] + w[i] * w[i])
    for j = i + 1, 4 do
      local dx = x[i] - x[j]
      local dy = y[i] - y[j]
      local dz = z[i] - z[j]
      e = e - m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

local function simulate(steps, dt)
  local mass = 39.47841760435743
  local x = { [0] = 0.0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165 }
  local y = { [0] = 0.0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641 }
  local z = { [0] = 0.0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181 }
  local u = { [0] = 0.0, 0.60632639299583202, -1.01077434617879236, 1.08279100644153536, 0.97909073224389798 }
  local v = { [0] = 0.0, 2.81198684491626016, 1.82566237123041186, 0.86871301816960822, 0.59469899864767617 }
  local w = { [0] = 0.0, -0.02521836165988763, 0.00841576137658415, -0.01083263740136364, -0.03475595551732112 }
  local m = { [0] = mass, 0.03769367487038949, 0.01128632613196877, 0.00172372405705971, 0.00203368686992463 }
  local px = 0
  local py = 0
  local pz = 0
  for i = 0, 4 do
    px = px + u[i] * m[i]
    py = py + v[i] * m[i]
    pz = pz + w[i] * m[i]
  end
  u[0] = -px / mass
  v[0] = -py / mass
  w[0] = -pz / mass
  for step = 0, steps - 1 do
    for i = 0, 4 do
      for j = i + 1, 4 do
        local dx = x[i] - x[j]
        local dy = y[i] - y[j]
        local dz = z[i] - z[j]
        local d2 = dx * dx + dy * dy + dz * dz
        local mag = dt / (d2 * sqrt(d2))
        local mi = m[i] * mag
        local mj = m[j] * mag
        u[i] = u[i] - dx * mj
        v[i] = v[i] - dy * mj
        w[i] = w[i] - dz * mj
        u[j] = u[j] + dx * mi
        v[j] = v[j] + dy * mi
        w[j] = w[j] + dz * mi
      end
    end
    for i = 0, 4 do
      x[i] = x[i] + dt * u[i]
      y[i] = y[i] + dt * v[i]
      z[i] = z[i] + dt * w[i]
    end
  end
  return energy(x, y, z, u, v, w, m)
end

print(string.format("%.9f", simulate(100000, 0.01)))

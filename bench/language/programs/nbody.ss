# Sun, Jupiter, Saturn, Uranus and Neptune; one list for each coordinate. Units are those of the solar mass, years and astronomical units.
fn energy(x, y, z, u, v, w, m) {
    e = 0
    for i in 0:5 {
        e = e + 0.5 * m[i] * (u[i] * u[i] + v[i] * v[i] + w[i] * w[i])
        for j in i + 1:5 {
            dx = x[i] - x[j]
            dy = y[i] - y[j]
            dz = z[i] - z[j]
            e = e - m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz)
        }
    }
    return e
}

fn simulate(steps, dt) {
    mass = 39.47841760435743
    x = [0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165]
    y = [0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641]
    z = [0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181]
    u = [0, 0.60632639299583202, -1.01077434617879236, 1.08279100644153536, 0.97909073224389798]
    v = [0, 2.81198684491626016, 1.82566237123041186, 0.86871301816960822, 0.59469899864767617]
    w = [0, -0.02521836165988763, 0.00841576137658415, -0.01083263740136364, -0.03475595551732112]
    m = [mass, 0.03769367487038949, 0.01128632613196877, 0.00172372405705971, 0.00203368686992463]
    px = 0
    py = 0
    pz = 0
    for i in 0:5 {
        px = px + u[i] * m[i]
        py = py + v[i] * m[i]
        pz = pz + w[i] * m[i]
    }
    u[0] = -px / mass
    v[0] = -py / mass
    w[0] = -pz / mass
    for step in 0:steps {
        for i in 0:5 {
            for j in i + 1:5 {
                dx = x[i] - x[j]
                dy = y[i] - y[j]
                dz = z[i] - z[j]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                mi = m[i] * mag
                mj = m[j] * mag
                u[i] = u[i] - dx * mj
                v[i] = v[i] - dy * mj
                w[i] = w[i] - dz * mj
                u[j] = u[j] + dx * mi
                v[j] = v[j] + dy * mi
                w[j] = w[j] + dz * mi
            }
        }
        for i in 0:5 {
            x[i] = x[i] + dt * u[i]
            y[i] = y[i] + dt * v[i]
            z[i] = z[i] + dt * w[i]
        }
    }
    return energy(x, y, z, u, v, w, m)
}

print("{simulate(100000, 0.01):.9}")

v = ramp([4, 3, 2], spacing=[1, 2, 3])

v.shape

v.spacing

v.affine

[v.orientation, v.datatype, v.origin]

v[0, 0, 0]

v[3, 2, 1]

v[-1, -1, -1]

v[1:3, :, 1]

v[1:3, :, 1].origin

v[…, 0]

v[..., 0].shape

v[1:3, …].shape

v[:, :, :] 

v[2:, :2, -1].shape

m = v > 20

[m.count, m.volume_ml]

m[3, 2, 1]

(v > 5 & v < 10).count

(~m).count

(m | v < 2).count

(v + 1)[0, 0, 0]

(2 * v - v)[3, 0, 0]

(-v)[1, 0, 0]

(v * m)[3, 2, 1]

(v ^ 2)[2, 0, 0]

(v % 3)[2, 0, 0]

v == v

[v == none, v != none]

v + ramp([4, 3, 2])

v + ramp([5, 3, 2])

v[4, 0, 0]

v[0, 0]

v[0:9, …]

v[5:9, …]

v[2:2, …]

v[3:1, …]

v[…, …]

v[0, 0, 0, 0]

v.shap

v and m

m & v

~v

not m

v + "a"

if m { 1 }

v()

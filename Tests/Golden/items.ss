xs = [1, 2, 3]
ys = xs
xs[1] = "two"
xs[-1] = [xs[0]]
[xs, ys]

r = {a: 1}
r["b"] = 2
r["a"] = r
r

fn swap(list, i, j) {
  held = list[i]
  list[i] = list[j]
  list[j] = held
  list
}
[swap([1, 2, 3], 0, 2), swap(ys, 0, 1), ys]

fn fill(n) {
  out = [0] * n
  later = () -> out
  for i in 0:n { out[i] = i * i }
  [out, later()]
}
fill(4)

xs[0] = xs
xs

xs[7] = 1

xs["one"] = 1

xs[0.5] = 1

r[0] = 1

q[0] = 1

n = 3
n[0] = 1

t = 0:4
t[0] = 1

v = ramp()
v[0] = 1

v[0, 0, 0] = 1

xs[0][1] = 2

r.a = 2

fn g() { xs[0] = 1 }
g()

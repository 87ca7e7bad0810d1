v = phantom(seed=1, shape=8, spacing=20).image;

net = unet3d(filters=2, depth=1);

fn reads(x) = x + v

pipeline(net, prepare=reads)

fn early(x) = x * factor

pipeline(net, prepare=early)

fn again(x) = if x == 0 { 0 } else { again(x - 1) }

kept = again;

fn again(x) = x

pipeline(net, prepare=kept)

deep = [1];

for k in 0:500 { deep = [deep] }

pipeline(net, prepare=x -> x + length(deep))

long = "abcdefgh" * 5000000;

pipeline(net, prepare=x -> x + length(long))

pipeline(net, prepare=x -> load("a.nii"))

pipeline(net, prepare=x -> print(x))

predict(pipeline(net, prepare=x -> 3), v)

predict(pipeline(net, prepare=x -> x.shapee), v)

predict(pipeline(net, prepare=x -> { while true { } }), v)

pipeline(net, prepare=(a, b) -> a)

pipeline(net, prepare=() -> v)

predict(pipeline(net, prepare=x -> { import "a.ss" }), v)

predict(pipeline(net, prepare=x -> load("a.nii")), v)

predict(pipeline(net, prepare=x -> x.image), "odd/empty.nii")

predict(pipeline(net, prepare=x -> normalize(x * 0)), v)

predict(pipeline(net, prepare=x -> normalize(x * 0)), v[:, :, 0:1])

pipeline(net, prepare=3)

cached(x -> x, "")

cached(3, "results")

cached(print, "results")

cached(x -> v, "results")(1)

cached(x -> net, "results")(1)

cached((...xs) -> xs, "results")(1)

cached(x -> x, "results")(v > 0)

cached(x -> sort, "results")(1)

fn makes(f) { fn step(x) = if x > 9 { x } else { f(x + 1) } }

fn step(x) = makes(step)(x)

pipeline(net, prepare=makes(step))

load_weights(net, "none.safetensors")

save(net, "net.safetensors")

load_weights(unet3d(filters=4, depth=1), "net.safetensors")

load_weights(net, "net.safetensors", map=name -> 3)

load_weights(net, "net.safetensors", map={"layer.1.conv3d.weight": "nothing"})

load("net.safetensors", frame=1)

save(net, "net.nii")

save(net, "net.onnx")

save(net, "net.safetensors", dtype="uint8")

head = phantom(seed=1, shape=16, spacing=12);

pair = {image: normalize(head.image), mask: head.mask};

net = unet3d(filters=2, depth=1);

fit(net, [])

fit(net, [{image: head.image}])

fit(net, [{image: head.image, mask: 3}])

fit(net, [3])

fit(net, [{image: head.image, mask: head.mask[1:, :, :]}])

fit(net, [{image: head.image, mask: head.image}])

fit(net, [{image: head.image[0:15, :, :], mask: head.mask[0:15, :, :]}])

fit(unet3d(filters=2, depth=3), [{image: head.image[0:12, :, :], mask: head.mask[0:12, :, :]}])

fit(net, [pair], batch=2)

fit(net, [pair, {image: pair.image[0:8, :, :], mask: pair.mask[0:8, :, :]}], batch=2)

fit(net, [pair], batch=0)

fit(net, [pair], epochs=-1)

fit(net, [pair], minutes=-1)

fit(net, [pair], ema=2)

fit(net, [pair], clip=0)

fit(net, [pair], patch=0)

fit(net, [pair], memory=0)

fit(net, [pair], loss="dce")

fit(net, [pair], loss=3)

fit(net, [pair], optimizer="sdg")

fit(net, [pair], optimizer={optimizer: "adam", rat: 1})

fit(net, [pair], optimizer={optimizer: "adam", decay: 1})

fit(net, [pair], optimizer={optimizer: "adam", rate: "fast"})

fit(net, [pair], loss={loss: "tversky", gamma: 2})

fit(net, [pair], schedule="linear")

fit(net, [pair], schedule="cosin")

fit(net, [pair], metrics=["dise"])

keys(fit(net, [pair], epochs=1, metrics=["precision", "dice", "precision"]).history[0])

fit(net, [pair], checkpoint="net.onnx")

fit(net, [pair], checkpoint="nowhere/net.safetensors", epochs=1)

fit(net, [pair], resume=true)

fit(net, [pair], precision="float16")

fit(net, [{image: pair.image / 0, mask: pair.mask, id: "anna"}], epochs=1)

fit(net, [{id: "a"}], prepare=r -> 3, epochs=1)

fit(net, [{id: "a"}], prepare=r -> ({image: head.image}), epochs=1)

fit(net, [{id: "a"}], prepare=r -> ({image: head.image, mask: head.image}), epochs=1)

fit(net, [{id: "a"}], prepare=r -> { import "lib.txt" }, epochs=1)

fit(net, [{id: "a"}], prepare=seed -> seed, epochs=1)

fit(net, [{id: "a"}], prepare=r -> r.imag, epochs=1)

fit(net, [{id: "a"}], prepare=r -> predict(net, head.image), epochs=1)

fit(net, [{id: "a"}], prepare=(a, b, c) -> a, epochs=1)

x = input();

open_ended = model(x, conv3d(x, 2));

fit(open_ended, [pair], epochs=1)

classes = model(x, softmax(conv3d(x, 3)));

fit(classes, [{image: pair.image, mask: head.image}], loss="ce", epochs=1)

fit(classes, [{image: pair.image, mask: head.labels}], loss="ce", epochs=1)

two = model(x, conv3d(input(), 1));

conv3d(x, 0)

conv3d(x, 4, kernel=0)

conv3d(x, 4, groups=3)

conv3d(3, 4)

add(x, conv3d(x, 3))

dropout(x, 1)

groupnorm(conv3d(x, 6), 4)

input(channels=0)

unet3d(filters=0)

unet3d(depth=50)

predict(unet3d(filters=2, depth=1, channels=2), head.image)

trace(net, head.image[0:15, :, :])

plan(net, [])

plan(net, [100000, 1, 1])

plan(net, [16, 16, 16], memory=-1)

lr_find(net, [pair], from=1, to=0.1)

save(model(x, upsample(x)), "up.onnx")

weights(3)

overflowing = model(x, conv3d(x, 1, kernel=99));

save("3", "not.training.txt")

load_weights(net, "reference/networks/add_1.safetensors")

predict(net, head.image[0:0, :, :])

predict(net, head.image / 0)

x = softmax(x);

save(model(x, x), "net.onnx")

fit(net, [{image: "reference/imaging/files/four.nii.gz", mask: "reference/imaging/files/four.nii.gz"}], epochs=1)

fit(net, [pair], epochs=1, checkpoint="odd/run.safetensors", resume=true)

save(net, "net.training.safetensors")

fit(net, [pair], epochs=1, checkpoint="net.safetensors", resume=true)

fit(net, [pair], epochs=1, checkpoint="kept.safetensors");

fit(net, [pair], epochs=2, checkpoint="kept.safetensors", loss="bce", resume=true)

y = input();

save(model(y, sigmoid(conv3d(upsample(conv3d(y, 2, stride=2, dilation=2)), 1))), "strided.onnx")

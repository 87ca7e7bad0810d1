# adam

adam(1e-4).rate

# adamw

adamw(1e-4, decay=0.05).decay

# constant

constant(warmup=100).warmup

# cosine

cosine(warmup=100).schedule

# default_model

try { predict(default_model(), "head.nii.gz") } catch e { print(e.message) }

# fit

head = phantom(seed=1, shape=16, spacing=12)
pair = {image: normalize(head.image), mask: head.mask}
run = fit(unet3d(filters=4, depth=2), [pair], epochs=2)
length(run.history)

# focal

focal(gamma=2).gamma

# lr_find

head = phantom(seed=1, shape=16, spacing=12)
pair = {image: normalize(head.image), mask: head.mask}
found = lr_find(unet3d(filters=4, depth=2), [pair], steps=5)
length(found.rates)

# onecycle

onecycle().div

# pipeline

size = [16, 16, 16]
brain = pipeline(unet3d(filters=2, depth=1), prepare = v -> v |> resample(shape=size, spacing=12) |> normalize(), threshold=0.4)
save(brain, "brain.safetensors")
load("brain.safetensors").pipeline.threshold

net = pipeline(unet3d(filters=2, depth=1), prepare = v -> v / 100, volume=[900, 1900])
print(net.pipeline.recipe)

# plan

plan(unet3d(filters=2, depth=1), [16, 16, 16]).recomputed

# plateau

plateau(0.5).factor

# poly

poly().power

# predict

predict(unet3d(filters=2, depth=1), phantom(seed=1, shape=9, spacing=20).image, threshold=0).shape

net = pipeline(unet3d(filters=2, depth=1), prepare = v -> v |> resample(shape=[8, 8, 8], spacing=24) |> normalize())
head = phantom(seed=1, shape=[9, 10, 11], spacing=20).image
p = predict(net, head, qc=true)
[p.mask.shape, kind(p.qc.volume_ml)]

# prepared

net = pipeline(unet3d(filters=2, depth=1), prepare = v -> resample(v, shape=[8, 8, 8], spacing=24))
prepared(net, phantom(seed=1, shape=12, spacing=16).image).shape

# probability

p = probability(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image)
min(p) >= 0 and max(p) <= 1

# sgd

sgd(0.1, momentum=0.99).momentum

# tversky

tversky(alpha=0.3, beta=0.7).beta


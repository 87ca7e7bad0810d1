## What `plan` tells of a training, beside what the training then takes, each in a process of its own, on a machine that does nothing else:
##
##   for case in "96 128 160 1 16" "48 64 80 1 16" "48 64 80 4 8"; do skullstrip bench/unet/plan.ss $case; done
##
## Arguments: X Y Z BATCH FILTERS, and TURNS of plan and training in turn (3). Told and measured are medians.
numbers = [number(a) for a in args]
[x, y, z, batch, filters, ...more] = numbers
turns = if length(more) > 0 { more[0] } else { 3 }
shape = [x, y, z]
sample = phantom(seed=1, shape=shape, spacing=2)
train = [{image: normalize(sample.image), mask: sample.mask, id: "{i}"} for i in 0:batch]
net = unet3d(filters=filters)
memory = plan(net, shape, batch=batch).memory
told = []
measured = []
for turn in 0:turns {
    told = told + [plan(net, shape, batch=batch).step]
    steps = 8
    # The steps after the first, which has the system provide the memory.
    first = fit(net, train, batch=batch, epochs=1, steps=1)
    run = fit(net, train, batch=batch, epochs=1, steps=1 + steps)
    measured = measured + [(run.seconds - first.seconds) / steps]
}
step = percentile(told, 50)
took = percentile(measured, 50)
print("{x}×{y}×{z}, batch {batch}, {filters} filters: step told {step:.3} s, measured {took:.3} s ({100 * (step / took - 1):.0} %); " +
    "memory told {memory:.0} MB, measured {peak_memory():.0} MB ({100 * (memory / peak_memory() - 1):.0} %)")
